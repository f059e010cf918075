//! Both sides. Who is asking, as the browser may know it.

use super::error::{Error, Result};
use super::status::word;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{fmt, str::FromStr};

/// What a person may see: `admin` everything, `user` own and shared agents,
/// `client` only the pages of agents shared with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Role {
    Admin,
    User,
    Client,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
            Self::Client => "client",
        }
    }
}

impl FromStr for Role {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "admin" => Self::Admin,
            "user" => Self::User,
            "client" => Self::Client,
            other => return Err(Error::invalid("role", format!("`{other}` is not a role; use admin, user or client"))),
        })
    }
}
word!(Role);

/// What a token may do; each includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Scope {
    Read,
    Write,
    Admin,
}

impl Scope {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Scope {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "read" => Self::Read,
            "write" => Self::Write,
            "admin" => Self::Admin,
            other => {
                return Err(Error::invalid("scope", format!("`{other}` is not a scope; use read, write or admin")));
            }
        })
    }
}
word!(Scope);

/// The signed-in person, for the page's header and `GET /api/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Me {
    pub email: String,
    pub display_name: String,
    pub role: Role,
}
