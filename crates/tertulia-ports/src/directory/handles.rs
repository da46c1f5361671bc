//! Handles that nobody may take.

/// Words that mention many at once, or nobody: taken by the server itself.
const MENTIONS: [&str; 10] =
    ["all", "anyone", "channel", "everybody", "everyone", "here", "me", "nobody", "online", "room"];
/// Words that speak with authority: for administrators only.
const AUTHORITY: [&str; 13] = [
    "admin",
    "administrator",
    "bot",
    "help",
    "info",
    "moderator",
    "official",
    "postmaster",
    "root",
    "security",
    "support",
    "system",
    "tertulia",
];

/// Whether the server keeps this handle for itself. Administrators may have those that only sound important.
pub fn is_reserved_handle(handle: &str, admin: bool) -> bool {
    let plain: String = handle.chars().filter(char::is_ascii_alphanumeric).collect();
    MENTIONS.contains(&plain.as_str()) || (!admin && AUTHORITY.contains(&plain.as_str()))
}

#[cfg(test)]
mod tests {
    use super::is_reserved_handle;

    #[test]
    fn some_words_are_the_servers() {
        for (handle, anybody, admin) in [
            ("amaia", false, false),
            ("everyone", true, true),
            ("every.one", true, true),
            ("admin", true, false),
            ("a-d-m-i-n", true, false),
            ("admiral", false, false),
            ("bot1", false, false),
        ] {
            assert_eq!(is_reserved_handle(handle, false), anybody, "{handle}");
            assert_eq!(is_reserved_handle(handle, true), admin, "{handle}, for an administrator");
        }
    }
}
