//! Server. What models cost: the list that is shipped, and prices that an installation gives itself.

use crate::app::validate::Check;
use crate::app::{App, Caller, cursor};
use crate::auth::secret;
use crate::domain::{Error, ModelPrice, Result, Timestamp, page};
use crate::otlp::conventions::Usage;
use crate::otlp::derive::{DerivedRun, ModelUsage, Used};
use crate::otlp::price::{Listed, Price, PriceList, shipped};
use crate::store::prices::{self as rows, PriceRow};

/// Prices an installation gives itself at most.
const OWN: i64 = 10_000;
const CHARS: usize = 200;
/// Prices on one page at most.
const MOST: i64 = 1_000;
/// What cursors are bound to.
const SCOPE: &str = "prices";

/// All prices, to look up in.
#[derive(Debug, Clone, Default)]
pub struct Prices(PriceList);

impl Prices {
    pub async fn load(app: &App) -> Result<Self> {
        let own = rows::all(&mut app.store.read()).await?;
        Ok(Self(PriceList::new(own.into_iter().map(listed).collect())))
    }

    /// What a run cost. What an emitter says of its own calls holds before any list; where a part can't be told the whole
    /// can't.
    pub(super) fn cost(&self, run: &DerivedRun) -> Option<f64> {
        if run.model_usage.is_empty() {
            return run.usage.cost;
        }
        run.model_usage.iter().map(|used| self.of(used)).sum::<Option<f64>>()
    }

    /// Models that it used and that nothing says a price of.
    pub(super) fn unpriced(&self, run: &DerivedRun) -> Vec<String> {
        let unpriced = run.model_usage.iter().filter(|used| self.of(used).is_none());
        let mut models: Vec<String> = unpriced.filter_map(|used| used.model.clone()).collect();
        models.sort_unstable();
        models.dedup();
        models
    }

    fn of(&self, used: &ModelUsage) -> Option<f64> {
        let sum = &used.usage;
        used.each.iter().map(|one| one.usage.cost.or_else(|| self.by_list(used, sum, one))).sum()
    }

    fn by_list(&self, of: &ModelUsage, sum: &Usage, one: &Used) -> Option<f64> {
        let listed = self.0.price(of.provider.as_deref(), of.model.as_deref()?, one.at)?;
        // A call that leaves out what others tell had none of it: some providers write no zeros.
        let told = |tokens: Option<i64>, of_any: Option<i64>| tokens.or(of_any.map(|_| 0));
        let usage =
            Usage { input: told(one.usage.input, sum.input), output: told(one.usage.output, sum.output), ..one.usage };
        listed.cost(&usage, one.one_call)
    }

    /// What one call of a model cost then.
    pub fn of_model(&self, provider: Option<&str>, model: &str, usage: &Usage, at: Timestamp) -> Option<f64> {
        self.0.price(provider, model, at)?.cost(usage, true)
    }
}

fn listed(row: PriceRow) -> Listed {
    Listed {
        provider: row.provider,
        model: row.model,
        from: (row.from_at > 0).then_some(Timestamp::from_micros(row.from_at)),
        price: Price { input: row.input, output: row.output, cached: row.cached, cache_write: row.cache_write },
        large: None,
    }
}

fn shown(listed: &Listed, source: Option<String>, own: bool) -> ModelPrice {
    let Price { input, output, cached, cache_write } = listed.price;
    ModelPrice {
        provider: Some(listed.provider.clone()).filter(|provider| !provider.is_empty()),
        model: listed.model.clone(),
        from: listed.from,
        input,
        output,
        cached,
        cache_write,
        source,
        own,
    }
}

/// Prices: those of this installation, then those shipped; a page of them, and where the next begins.
pub async fn list(
    caller: &Caller,
    after: Option<String>,
    limit: Option<i64>,
) -> Result<(Vec<ModelPrice>, Option<String>)> {
    caller.fleet()?;
    let limit = limit.unwrap_or(page::MAX_LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be from 1 to {MOST}")));
    }
    let all = all(caller).await?;
    let from = match after {
        None => 0,
        Some(text) => {
            let last = cursor::decode_pair(&text, SCOPE)?;
            let at = all.iter().position(|price| place(price) == last);
            let gone = || Error::invalid("cursor", "the price that it stands for is no more; start again without one");
            at.ok_or_else(gone)? + 1
        }
    };
    let to = from.saturating_add(usize::try_from(limit).unwrap_or(0)).min(all.len());
    let prices = all.get(from..to).unwrap_or_default().to_vec();
    let last = prices.last().filter(|_| to < all.len());
    let next = last.map(|price| cursor::encode_pair(SCOPE, place(price)));
    Ok((prices, next))
}

/// What a cursor holds of the last price of a page.
fn place(price: &ModelPrice) -> (i64, i64) {
    let hash = secret::sha256_hex(format!("{}\0{:?}\0{}", price.own, price.provider, price.model).as_bytes());
    let number = i64::from_str_radix(hash.get(..15).unwrap_or_default(), 16).unwrap_or(0);
    (number, price.from.map_or(0, Timestamp::micros))
}

async fn all(caller: &Caller) -> Result<Vec<ModelPrice>> {
    let own = rows::all(&mut caller.app.store.read()).await?;
    let own = own.into_iter().map(|row| (row.source.clone(), listed(row)));
    let mut prices: Vec<ModelPrice> = own.map(|(source, listed)| shown(&listed, source, true)).collect();
    prices.extend(shipped().iter().map(|listed| shown(listed, None, false)));
    Ok(prices)
}

/// Gives a price. A recorded run keeps its cost until more spans of it come: then all of it is priced anew.
pub async fn put(caller: &Caller, price: ModelPrice) -> Result<()> {
    caller.admin()?;
    let row = checked(price)?;
    let write = caller.write(move |tx| {
        Box::pin(async move {
            let replaces = |there: &PriceRow| {
                (&there.provider, &there.model, there.from_at) == (&row.provider, &row.model, row.from_at)
            };
            if rows::count(tx).await? >= OWN && !rows::all(tx).await?.iter().any(replaces) {
                return Err(Error::Conflict(format!("there are {OWN} prices already")));
            }
            rows::put(tx, &row).await
        })
    });
    write.await
}

/// Takes a price of this installation back.
pub async fn remove(caller: &Caller, provider: Option<String>, model: String, from: Option<Timestamp>) -> Result<()> {
    caller.admin()?;
    let provider = provider.unwrap_or_default().trim().to_lowercase();
    let (model, from) = (model.trim().to_lowercase(), from.unwrap_or(Timestamp::from_micros(0)));
    let there =
        caller.write(move |tx| Box::pin(async move { rows::remove(tx, &provider, &model, from).await })).await?;
    if there { Ok(()) } else { Err(Error::NotFound) }
}

fn checked(price: ModelPrice) -> Result<PriceRow> {
    let mut check = Check::default();
    let row = PriceRow {
        provider: price.provider.unwrap_or_default().trim().to_lowercase(),
        model: price.model.trim().to_lowercase(),
        from_at: price.from.unwrap_or(Timestamp::from_micros(0)).micros(),
        input: price.input,
        output: price.output,
        cached: price.cached,
        cache_write: price.cache_write,
        source: price.source,
    };
    if row.model.is_empty() || row.model.chars().count() > CHARS {
        check.wrong("model", format!("needs 1 to {CHARS} characters"));
    }
    if row.provider.chars().count() > CHARS {
        check.wrong("provider", format!("is longer than {CHARS} characters"));
    }
    if row.source.as_ref().is_some_and(|source| source.chars().count() > 2_000) {
        check.wrong("source", "is longer than 2000 characters");
    }
    let prices = [
        ("input", Some(row.input)),
        ("output", Some(row.output)),
        ("cached", row.cached),
        ("cache_write", row.cache_write),
    ];
    for (field, usd) in prices {
        if usd.is_some_and(|usd| !usd.is_finite() || !(0.0..=1_000_000.0).contains(&usd)) {
            check.wrong(field, "must be USD for a million tokens, from 0 to 1 000 000");
        }
    }
    check.done()?;
    Ok(row)
}
