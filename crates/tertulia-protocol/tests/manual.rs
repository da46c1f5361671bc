//! The manual for people who write clients says what the code says.

use tertulia_protocol::{Code, error::Retry, socket::close};

fn manual() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
    std::fs::read_to_string(path).expect("the manual stands beside the crates")
}

fn what_next(retry: Retry) -> &'static str {
    match retry {
        Retry::Final => "no",
        Retry::Later => "yes, with the same nonce",
        Retry::Sync => "after syncing",
        Retry::SignIn => "after signing in",
    }
}

#[test]
fn every_error_code_has_its_row() {
    let manual = manual();
    for code in Code::ALL {
        let row = format!(
            "| `{}` | {} | {} | {} |",
            code.name(),
            code.status(),
            what_next(code.retry()),
            code.about()
        );
        assert!(manual.contains(&row), "docs/protocol.md lacks the row\n{row}");
    }
}

#[test]
fn every_close_code_has_its_row() {
    let manual = manual();
    for code in [
        close::GOING_AWAY,
        close::PROTOCOL,
        close::TOO_LARGE,
        close::INTERNAL,
        close::HELLO_TIMEOUT,
        close::UNAUTHENTICATED,
        close::REVOKED,
        close::UNEXPECTED,
        close::FLOOD,
        close::SILENT,
        close::OVERLOADED,
    ] {
        assert!(manual.contains(&format!("| {code} |")), "docs/protocol.md lacks close code {code}");
    }
}
