//! Server. SQL text with its parameters, in the dialect both databases share.

/// One bound parameter. Four kinds are enough: ids and JSON are text, times and money integers.
#[derive(Debug, Clone)]
pub enum Value {
    Bool(bool),
    Int(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
}

impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Self::Bool(v)
    }
}
impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Self::Int(Some(v))
    }
}
impl From<Option<i64>> for Value {
    fn from(v: Option<i64>) -> Self {
        Self::Int(v)
    }
}
impl From<f64> for Value {
    fn from(v: f64) -> Self {
        Self::Real(Some(v))
    }
}
impl From<&str> for Value {
    fn from(v: &str) -> Self {
        v.to_owned().into()
    }
}
impl From<String> for Value {
    fn from(v: String) -> Self {
        Some(v).into()
    }
}
impl From<Option<String>> for Value {
    /// PostgreSQL has no text with a NUL in it; SQLite would, and what is stored must not depend on it.
    fn from(v: Option<String>) -> Self {
        Self::Text(v.map(|text| if text.contains('\0') { text.replace('\0', "") } else { text }))
    }
}
impl From<Option<&str>> for Value {
    fn from(v: Option<&str>) -> Self {
        v.map(str::to_owned).into()
    }
}

/// User text only ever enters as a bound value: the text itself is made of literals.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub(super) sql: String,
    pub(super) args: Vec<Value>,
    many: bool,
}

impl Query {
    pub fn new(sql: &'static str) -> Self {
        Self { sql: sql.to_owned(), args: Vec::new(), many: false }
    }

    /// Binds the next `$n` already written in the text.
    pub fn bind(mut self, v: impl Into<Value>) -> Self {
        self.args.push(v.into());
        self
    }

    pub fn push(&mut self, sql: &'static str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Appends a value as the next `$n`.
    pub fn value(&mut self, v: impl Into<Value>) -> &mut Self {
        self.args.push(v.into());
        self.sql.push('$');
        self.sql.push_str(&self.args.len().to_string());
        self
    }

    /// Appends `($n, $n+1, …)`.
    pub fn list<V: Into<Value>>(&mut self, vs: impl IntoIterator<Item = V>) -> &mut Self {
        self.sql.push('(');
        for (i, v) in vs.into_iter().enumerate() {
            if i > 0 {
                self.sql.push_str(", ");
            }
            self.value(v);
        }
        self.sql.push(')');
        self
    }

    /// Appends `(…), (…)`, a row of values each, for an insert; all its parameters come from here.
    pub fn rows(&mut self, rows: impl IntoIterator<Item = Vec<Value>>) -> &mut Self {
        self.many = true;
        for (i, row) in rows.into_iter().enumerate() {
            if i > 0 {
                self.sql.push_str(", ");
            }
            self.list(row);
        }
        self
    }

    /// The text for SQLite. It finds the name of each parameter in a list of all of them, which takes the longer
    /// the more there are, so a thousand of them go without.
    pub(super) fn sqlite_sql(&mut self) -> String {
        let sql = std::mem::take(&mut self.sql);
        if !self.many {
            return sql;
        }
        let mut parts = sql.split('$');
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            plain.push('?');
            plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
        }
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_rows_have_nameless_parameters_in_sqlite() {
        let mut q = Query::new("insert into t values ");
        q.rows((0..2).map(|n| vec![Value::from(n), Value::from("$1")]));
        assert_eq!(q.sql, "insert into t values ($1, $2), ($3, $4)");
        assert_eq!(q.sqlite_sql(), "insert into t values (?, ?), (?, ?)");
        assert_eq!(Query::new("select $1, $1").sqlite_sql(), "select $1, $1");
    }
}
