//! How every error looks over HTTP: RFC 9457.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ErrorDetail;

/// An error, as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Where the code is described.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the status is called.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong.
    #[serde(flatten)]
    pub error: ErrorDetail,
}
