//! The project's own tooling: `cargo xtask <command>`.

fn main() {}
