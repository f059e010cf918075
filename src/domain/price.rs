//! Both sides. What a model costs.

use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// USD for a million tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ModelPrice {
    /// Absent: whoever provides it.
    #[serde(default)]
    pub provider: Option<String>,
    pub model: String,
    /// Absent: always.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub from: Option<Timestamp>,
    pub input: f64,
    pub output: f64,
    /// Of input that the provider had in its cache; as other input when absent.
    #[serde(default)]
    pub cached: Option<f64>,
    /// Of input that is written to a cache; as other input when absent.
    #[serde(default)]
    pub cache_write: Option<f64>,
    /// Where the figures are from.
    #[serde(default)]
    pub source: Option<String>,
    /// Given by this installation, and not one of those that Runboard comes with.
    #[serde(default)]
    pub own: bool,
}
