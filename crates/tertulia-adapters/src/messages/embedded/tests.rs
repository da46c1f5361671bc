//! The embedded store under the port's suite, and what is particular to it.

use std::sync::Arc;

use tertulia_ports::{
    contract::block_on,
    messages::{
        Messages,
        contract::{Place, check},
    },
};

use super::EmbeddedMessages;

struct Folder(tempfile::TempDir);

impl Place for Folder {
    fn open(&self) -> Arc<dyn Messages> {
        Arc::new(EmbeddedMessages::open(self.0.path(), || "a history".into()).unwrap())
    }
}

#[test]
fn passes_the_suite() {
    block_on(check(|| Folder(tempfile::tempdir().unwrap())));
}
