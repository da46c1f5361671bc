//! `GET`, `PATCH /v1/admin/limits`: the limits that may change while the server runs.

use axum::{Json, extract::State};
use serde_json::{Value, json};
use tertulia_core::{
    Limits,
    limits::{LimitError, LimitInfo},
};
use tertulia_ports::coordination::RuntimeConfig;
use tertulia_protocol::{
    Code, ErrorDetail,
    rest::{LimitChanges, LimitItem, List},
};

use super::super::{
    Api,
    extract::{Administrator, Body},
    problem::{Answer, Failure},
};

/// How often a change is tried that somebody else's comes before.
const TRIES: usize = 5;

/// All limits, with what is in use of them.
#[utoipa::path(get, path = "/v1/admin/limits", tag = "admin", responses((status = 200, body = List<LimitItem>)))]
pub async fn list(State(api): State<Api>, _: Administrator) -> Json<List<LimitItem>> {
    Json(shown(&api, &api.coordination.config()))
}

/// Changes limits, all of those given or none. They hold at once, and after a restart; `null` gives one back to the
/// configuration.
#[utoipa::path(
    patch, path = "/v1/admin/limits", tag = "admin", request_body = Object,
    responses((status = 200, body = List<LimitItem>))
)]
pub async fn change(
    State(api): State<Api>,
    administrator: Administrator,
    Body(changes): Body<LimitChanges>,
) -> Answer<Json<List<LimitItem>>> {
    for _ in 0..TRIES {
        let before = api.coordination.config();
        let after = changed(&api, &before, &changes)?;
        if after == *before {
            return Ok(Json(shown(&api, &before)));
        }
        let limits = after.limits;
        if api.coordination.set_config(after.clone()).await? {
            let detail: serde_json::Map<String, Value> = changes
                .keys()
                .map(|name| (name.clone(), json!({"from": before.limits.get(name), "to": limits.get(name)})))
                .collect();
            api.audit(administrator.id(), "limits.changed", "", Value::Object(detail)).await?;
            return Ok(Json(shown(&api, &after)));
        }
    }
    Err(Failure::new(Code::Conflict, "somebody else changes limits at the same time"))
}

fn changed(api: &Api, before: &RuntimeConfig, changes: &LimitChanges) -> Answer<RuntimeConfig> {
    let mut config = before.clone();
    for (name, value) in changes {
        let Some(info) = Limits::INFO.iter().find(|info| info.name == name) else {
            let names: Vec<&str> = Limits::INFO.iter().map(|info| info.name).collect();
            return Err(Failure::invalid(name, value.clone(), format!("one of {}", names.join(", "))));
        };
        let number = if value.is_null() {
            config.overridden.remove(name);
            configured(api, info).0
        } else {
            config.overridden.insert(name.clone());
            value.as_u64().ok_or_else(|| out_of_bounds(info, value))?
        };
        config.limits.set(name, number).map_err(|error| match error {
            LimitError::OutOfBounds { .. } => out_of_bounds(info, value),
            LimitError::Unknown { .. } => Failure::not_found("limit"),
        })?;
    }
    Ok(config)
}

/// What this server was started with, and where that stood.
fn configured(api: &Api, info: &LimitInfo) -> (u64, &'static str) {
    api.settings.configured_limits.get(info.name).copied().unwrap_or((info.default, "default"))
}

fn out_of_bounds(info: &LimitInfo, value: &Value) -> Failure {
    let LimitInfo { name, unit, min, max, .. } = info;
    let detail = format!("{name} is {value}, and must be from {min} to {max} {unit}");
    let error = ErrorDetail::invalid(name, value.clone(), json!({"min": min, "max": max}));
    ErrorDetail { detail, ..error }.into()
}

fn shown(api: &Api, config: &RuntimeConfig) -> List<LimitItem> {
    let item = |info: &LimitInfo| {
        let value = config.limits.get(info.name).unwrap_or(info.default);
        LimitItem {
            name: info.name.to_owned(),
            value,
            unit: info.unit.to_owned(),
            default: info.default,
            min: info.min,
            max: info.max,
            about: info.about.trim().to_owned(),
            in_use: (api.usage)(info.name),
            source: if config.overridden.contains(info.name) { "admin" } else { configured(api, info).1 }
                .to_owned(),
        }
    };
    List::whole(Limits::INFO.iter().map(item).collect())
}
