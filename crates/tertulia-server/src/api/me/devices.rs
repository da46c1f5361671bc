//! `GET /v1/me/devices`, `DELETE /v1/me/devices/{device}`: where one is signed in.

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use tertulia_core::DeviceId;
use tertulia_protocol::rest::{Device, List};
use utoipa::IntoParams;

use super::super::{
    Api,
    extract::{At, Caller},
    problem::{Answer, Failure},
};

/// A device in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct DevicePath {
    /// The device's id.
    #[param(value_type = String)]
    device: DeviceId,
}

/// Where I am signed in, last used first.
#[utoipa::path(get, path = "/v1/me/devices", tag = "me", responses((status = 200, body = List<Device>)))]
pub async fn list(State(api): State<Api>, caller: Caller) -> Answer<Json<List<Device>>> {
    let now = api.clock.now();
    let devices =
        api.directory.devices(caller.id()).await?.into_iter().filter(|device| now < device.expires_at);
    let shown = devices.map(|device| Device {
        id: device.id,
        client: device.client,
        created_at: device.created_at,
        last_seen_at: device.last_seen_at,
        current: device.id == caller.device,
    });
    Ok(Json(List::whole(shown.collect())))
}

/// Signs one of my devices out: its connections close at once.
#[utoipa::path(delete, path = "/v1/me/devices/{device}", tag = "me", params(DevicePath), responses((status = 204)))]
pub async fn revoke(State(api): State<Api>, caller: Caller, At(at): At<DevicePath>) -> Answer<StatusCode> {
    let changes = api.directory.revoke_device(caller.id(), at.device).await?;
    api.tell(changes.ok_or_else(|| Failure::not_found("device"))?);
    Ok(StatusCode::NO_CONTENT)
}
