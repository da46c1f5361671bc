//! The real binary speaks the protocol of the manual, and the manual's transcript is what is really said.

use std::collections::BTreeSet;

use serde_json::Value;
use tertulia_workload::conformance::{Settings, check};

use crate::world::World;

const MANUAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
const HEADING: &str = "## A session, start to end\n";
const FENCE: &str = "```text\n";

/// `UPDATE_GOLDEN=1` writes the transcript into the manual.
#[test]
fn every_step_passes_and_the_transcript_is_the_manuals() {
    let world = World::start();
    let transcript = world.folder.path().join("transcript");
    let settings = Settings {
        server: world.server.address.clone(),
        ticket: world.server.ticket.clone(),
        transcript: Some(transcript.clone()),
    };
    assert_eq!(check(&settings).unwrap(), 0, "steps failed: see above");

    let said = std::fs::read_to_string(transcript).unwrap();
    let manual = std::fs::read_to_string(MANUAL).unwrap();
    let (before, section) = manual.split_once(HEADING).unwrap();
    let (introduction, block) = section.split_once(FENCE).unwrap();
    let (written, after) = block.split_once("```\n").unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(MANUAL, format!("{before}{HEADING}{introduction}{FENCE}{said}```\n{after}")).unwrap();
        return;
    }
    for (said, written) in said.lines().zip(written.lines()) {
        assert_eq!(said, written, "docs/protocol.md says otherwise: UPDATE_GOLDEN=1 writes it");
    }
    assert_eq!(said.lines().count(), written.lines().count());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_manual_lists_every_endpoint() {
    let world = World::start();
    let described: Value = world.stranger().call("GET", "/v1/openapi.json", None, None).await.unwrap();
    let described: BTreeSet<String> = described["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let path = path.strip_prefix("/v1").unwrap_or(path);
            item.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let manual = std::fs::read_to_string(MANUAL).unwrap();
    let (_, table) = manual.split_once("| method and path |").unwrap();
    let cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let listed: BTreeSet<String> = cells
        .flat_map(|cell| cell.split("`, `"))
        .map(|endpoint| endpoint.trim_end_matches('`').split('?').next().unwrap().to_owned())
        .filter(|endpoint| {
            !["/healthz", "/readyz", "/metrics", "/docs", "openapi"]
                .iter()
                .any(|path| endpoint.contains(path))
        })
        .collect();
    assert_eq!(
        listed.difference(&described).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "listed, and not there"
    );
    assert_eq!(
        described.difference(&listed).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "there, and not listed"
    );
}
