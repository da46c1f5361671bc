//! Which pages may open a WebSocket here.
//!
//! Browsers let any page connect anywhere, with the user's cookies, and say in `Origin` which page it is. A
//! client without that header is no browser and can send what it likes, so it is let through.

/// The pages that may connect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OriginPolicy {
    same_host: bool,
    allowed: Vec<String>,
}

impl Default for OriginPolicy {
    fn default() -> Self {
        Self::same_host()
    }
}

impl OriginPolicy {
    /// Pages of the host that the request itself names.
    pub fn same_host() -> Self {
        Self { same_host: true, allowed: Vec::new() }
    }

    /// Only pages of these origins, such as `https://chat.example` or `http://localhost:5173`.
    pub fn only<T: AsRef<str>>(origins: impl IntoIterator<Item = T>) -> Self {
        Self { same_host: false, ..Self::same_host_and(origins) }
    }

    /// Pages of the request's own host, and of these origins.
    pub fn same_host_and<T: AsRef<str>>(origins: impl IntoIterator<Item = T>) -> Self {
        let allowed = origins.into_iter().map(|origin| normal(origin.as_ref())).collect();
        Self { same_host: true, allowed }
    }

    /// Whether a page of `origin` may connect to `host`, both as the headers say.
    pub fn allows(&self, origin: &str, host: &str) -> bool {
        let origin = normal(origin);
        if self.allowed.contains(&origin) {
            return true;
        }
        let Some((scheme @ ("http" | "https"), authority)) = origin.split_once("://") else {
            return false;
        };
        self.same_host
            && !authority.is_empty()
            && authority == without_default_port(scheme, &host.to_ascii_lowercase())
    }
}

/// Lower case, without a trailing slash or the scheme's own port.
fn normal(origin: &str) -> String {
    let origin = origin.trim_ascii().trim_end_matches('/').to_ascii_lowercase();
    match origin.split_once("://") {
        Some((scheme, authority)) => {
            format!("{scheme}://{}", without_default_port(scheme, authority))
        }
        None => origin,
    }
}

fn without_default_port<'a>(scheme: &str, authority: &'a str) -> &'a str {
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return authority,
    };
    authority.strip_suffix(default_port).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_host() {
        let policy = OriginPolicy::same_host();
        for (origin, host, expect) in [
            ("https://chat.example", "chat.example", true),
            ("HTTPS://Chat.Example", "chat.example:443", true),
            ("http://localhost:5173", "localhost:5173", true),
            ("http://[::1]:80", "[::1]", true),
            ("http://localhost:5173", "localhost:5174", false),
            ("https://chat.example.evil.example", "chat.example", false),
            ("https://evil.example", "chat.example", false),
            ("file://chat.example", "chat.example", false),
            ("null", "null", false),
            ("chat.example", "chat.example", false),
            ("https://", "", false),
        ] {
            assert_eq!(policy.allows(origin, host), expect, "{origin} to {host}");
        }
    }

    #[test]
    fn listed() {
        let policy = OriginPolicy::only(["https://Chat.example:443/", "capacitor://localhost"]);
        assert!(policy.allows("https://chat.example", "other.example"));
        assert!(policy.allows("capacitor://localhost", "other.example"));
        assert!(!policy.allows("https://other.example", "other.example"));
        assert!(
            OriginPolicy::same_host_and(["https://a.example"])
                .allows("https://other.example", "other.example")
        );
    }
}
