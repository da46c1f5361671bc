//! Push.

#[cfg(feature = "push-web")]
pub mod http;
#[cfg(feature = "push-web")]
pub mod web_push;
