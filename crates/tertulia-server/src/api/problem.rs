//! How every error leaves: `application/problem+json`.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tertulia_ports::EngineError;
use tertulia_protocol::{Code, ErrorDetail, rest::Problem};

use crate::{history::HistoryError, identity::PasswordError, room::RoomError, wire};

/// A request that was not done.
#[derive(Debug)]
pub struct Failure {
    /// What went wrong.
    pub detail: Box<ErrorDetail>,
    /// The status, where it is not the code's.
    status: Option<StatusCode>,
    headers: HeaderMap,
}

/// What an endpoint answers.
pub type Answer<T> = Result<T, Failure>;

impl Failure {
    /// A failure that says only this.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        ErrorDetail::new(code, detail).into()
    }

    /// A field with a value that may not be.
    pub fn invalid(
        field: &str,
        value: impl Into<serde_json::Value>,
        bound: impl Into<serde_json::Value>,
    ) -> Self {
        ErrorDetail::invalid(field, value, bound).into()
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }

    /// One more than a limit allows.
    pub fn limit(field: &str, bound: u64, detail: impl Into<String>) -> Self {
        let detail = ErrorDetail::new(Code::LimitReached, detail);
        ErrorDetail { field: Some(field.to_owned()), bound: Some(bound.into()), ..detail }.into()
    }

    /// With another status than the code's.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status: Some(status), ..self }
    }

    /// With one more header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With more headers.
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.detail.code
    }
}

impl From<ErrorDetail> for Failure {
    fn from(detail: ErrorDetail) -> Self {
        Self { detail: Box::new(detail), status: None, headers: HeaderMap::new() }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        wire::engine_error(&error).into()
    }
}

impl From<RoomError> for Failure {
    fn from(error: RoomError) -> Self {
        wire::room_error(&error).into()
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        error.detail().into()
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        /// When to come again if too many sign in at once.
        const BUSY_RETRY_MS: u64 = 2_000;
        match error {
            PasswordError::Busy => {
                ErrorDetail::new(Code::Overloaded, error.to_string()).after_ms(BUSY_RETRY_MS).into()
            }
            PasswordError::Failed => {
                tracing::error!("a password could not be hashed or checked");
                Self::new(Code::Internal, "the server failed, and has logged it")
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let code = self.detail.code;
        let status = self.status.unwrap_or_else(|| {
            StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        });
        let retry_after_ms = self.detail.retry_after_ms;
        let problem = Problem {
            kind: format!("/docs#{}", code.name()),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            error: *self.detail,
        };
        let body = serde_json::to_vec(&problem).expect("a problem is plain data");
        let mut response = (status, self.headers, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(ms) = retry_after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000)));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
