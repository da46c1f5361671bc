//! The description made from the code, held against a golden file. `UPDATE_GOLDEN=1` writes it anew.

use std::path::Path;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_is_what_it_was() {
    let world = World::start().await;
    let reply = world.call("GET", "/v1/openapi.json", None, None).await;
    let (described, text) = (reply.expect(200), reply.text());
    assert!(described["openapi"].as_str().unwrap().starts_with("3.1"));
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rest/openapi.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    assert!(
        text == expected,
        "REST is described otherwise than in tests/rest/openapi.json: UPDATE_GOLDEN=1 writes it"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_says_who_may_and_how_it_fails() {
    let world = World::start().await;
    let described = world.call("GET", "/v1/openapi.json", None, None).await.expect(200);
    let mut open = Vec::new();
    for (path, item) in described["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path} says what it does");
            let problem =
                &operation["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(problem, "#/components/schemas/Problem", "{method} {path}");
            if operation["security"].is_array() {
                open.push(format!("{method} {path}"));
            }
        }
    }
    assert_eq!(
        open,
        [
            "get /v1/files/{link}",
            "get /v1/invites/{token}",
            "get /v1/server",
            "get /v1/servers/recommended",
            "post /v1/sessions",
            "options /v1/uploads",
            "post /v1/users",
        ]
    );
    let text = described.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(described["components"]["schemas"][name].is_object(), "{name} is described");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_every_path_and_code_without_scripts() {
    let world = World::start().await;
    let reply = world.call("GET", "/docs", None, None).await;
    let page = reply.text();
    let described = world.call("GET", "/v1/openapi.json", None, None).await.expect(200);
    for path in described["paths"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
    }
    for code in tertulia_protocol::Code::ALL {
        assert!(page.contains(&format!("id=\"{}\"", code.name())), "{}", code.name());
    }
    assert!(!page.contains("<script"));
    assert!(reply.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
}
