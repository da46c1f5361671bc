//! The description of REST as a page: plain HTML from the OpenAPI document, without scripts.

use std::fmt::Write as _;

use serde_json::Value;
use tertulia_protocol::{Code, error::Retry};

const STYLE: &str = "
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
code, pre { font: 0.9em/1.5 ui-monospace, monospace; }
section { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); margin-top: 2rem; }
details { margin: 0.4rem 0; padding: 0.3rem 0.8rem; border-radius: 0.4rem;
          background: color-mix(in srgb, currentColor 6%, transparent); }
summary { cursor: pointer; overflow-wrap: anywhere; }
summary b { display: inline-block; min-width: 4.5rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: start; vertical-align: top; padding: 0.2rem 0.8rem 0.2rem 0; }
:target { outline: 2px solid; }";

/// The page.
pub fn html(openapi: &Value, codes: &[Code]) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Tertulia: REST</title><style>{STYLE}</style>\
         </head><body><h1>REST of Tertulia</h1><p>{}</p><p><a href=\"/v1/openapi.json\">OpenAPI</a></p>",
        prose(openapi["info"]["description"].as_str().unwrap_or_default())
    );
    let mut tags: Vec<&str> = Vec::new();
    let operations: Vec<_> = operations(openapi).collect();
    for (.., operation) in &operations {
        let tag = operation["tags"][0].as_str().unwrap_or("other");
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    for tag in tags {
        let _ = write!(page, "<section><h2>{}</h2>", escaped(tag));
        for (path, method, operation) in &operations {
            if operation["tags"][0].as_str().unwrap_or("other") == tag {
                operation_html(&mut page, path, method, operation);
            }
        }
        page.push_str("</section>");
    }
    schemas_html(&mut page, openapi);
    codes_html(&mut page, codes);
    page.push_str("</body></html>");
    page
}

fn operations(openapi: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = openapi["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods
            .filter(|(_, operation)| operation.is_object())
            .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn operation_html(page: &mut String, path: &str, method: &str, operation: &Value) {
    let text = |value: &Value| escaped(value.as_str().unwrap_or_default());
    let is_open = operation["security"]
        .as_array()
        .is_some_and(|needed| needed.iter().all(|one| one == &serde_json::json!({})));
    let _ = write!(
        page,
        "<details><summary><b>{}</b> <code>{}</code> {}</summary><p>{} {}</p>",
        method.to_uppercase(),
        escaped(path),
        prose(operation["summary"].as_str().unwrap_or_default()),
        prose(operation["description"].as_str().unwrap_or_default()),
        if is_open { "No sign-in needed." } else { "" }
    );
    if let Some(parameters) = operation["parameters"].as_array() {
        page.push_str("<table><tr><th>parameter</th><th>in</th><th>type</th><th></th></tr>");
        for parameter in parameters {
            let _ = write!(
                page,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                type_html(&parameter["schema"]),
                prose(parameter["description"].as_str().unwrap_or_default())
            );
        }
        page.push_str("</table>");
    }
    if let Some(body) = first_schema(&operation["requestBody"]) {
        let _ = write!(page, "<p>Body: {}</p>", type_html(body));
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        if status != "default" {
            let body = first_schema(response).map_or("nothing".to_owned(), type_html);
            let _ = write!(page, "<p>Answer {}: {body}</p>", escaped(status));
        }
    }
    page.push_str("</details>");
}

fn first_schema(holder: &Value) -> Option<&Value> {
    holder["content"].as_object()?.values().next().map(|content| &content["schema"])
}

fn schemas_html(page: &mut String, openapi: &Value) {
    page.push_str("<section><h2>Shapes</h2>");
    for (name, schema) in openapi["components"]["schemas"].as_object().into_iter().flatten() {
        let _ = write!(page, "<details id=\"{0}\"><summary><code>{0}</code></summary>", escaped(name));
        if let Some(about) = schema["description"].as_str() {
            let _ = write!(page, "<p>{}</p>", prose(about));
        }
        page.push_str(&type_html(schema));
        page.push_str("</details>");
    }
    page.push_str("</section>");
}

fn codes_html(page: &mut String, codes: &[Code]) {
    page.push_str(
        "<section><h2>Errors</h2><table><tr><th>code</th><th>status</th><th>what then</th><th></th></tr>",
    );
    for code in codes {
        let then = match code.retry() {
            Retry::Final => "do not retry",
            Retry::Later => "retry later",
            Retry::Sync => "sync, then decide",
            Retry::SignIn => "sign in again",
        };
        let _ = write!(
            page,
            "<tr id=\"{0}\"><td><code>{0}</code></td><td>{1}</td><td>{then}</td><td>{2}</td></tr>",
            code.name(),
            code.status(),
            prose(code.about())
        );
    }
    page.push_str("</table></section>");
}

/// A schema in a few words: its name where it has one, else what it holds.
fn type_html(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = escaped(reference.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#{name}\"><code>{name}</code></a>");
    }
    for (key, word) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        if let Some(parts) = schema[key].as_array() {
            return parts.iter().map(type_html).collect::<Vec<_>>().join(word);
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> =
            values.iter().map(|value| format!("<code>{}</code>", escaped(&value.to_string()))).collect();
        return values.join(" or ");
    }
    if let Some(properties) = schema["properties"].as_object() {
        return object_html(schema, properties);
    }
    if schema["items"].is_object() {
        return format!("a list of {}", type_html(&schema["items"]));
    }
    match &schema["type"] {
        Value::Array(types) => {
            types.iter().filter_map(Value::as_str).map(escaped).collect::<Vec<_>>().join(" or ")
        }
        one => escaped(one.as_str().unwrap_or("anything")),
    }
}

fn object_html(schema: &Value, properties: &serde_json::Map<String, Value>) -> String {
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let mut table = String::from("<table>");
    for (name, property) in properties {
        let _ = write!(
            table,
            "<tr><td><code>{}{}</code></td><td>{}</td><td>{}</td></tr>",
            escaped(name),
            if required(name) { "" } else { "?" },
            type_html(property),
            prose(property["description"].as_str().unwrap_or_default())
        );
    }
    table + "</table>"
}

/// Text with `code` between backticks.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let marked = parts.map(|(at, part)| match at % 2 {
        0 => escaped(part),
        _ => format!("<code>{}</code>", escaped(part)),
    });
    marked.collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
