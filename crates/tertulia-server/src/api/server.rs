//! `GET /v1/server`, `GET /v1/servers/recommended`: what a client asks before anybody signs in.

use axum::{Json, extract::State};
use serde::Deserialize;
use tertulia_ports::coordination::Node;
use tertulia_protocol::rest::{Recommended, RecommendedServer, ServerInfo};
use utoipa::IntoParams;

use super::{Api, extract::Query, problem::Answer};

/// Most servers that are recommended: a client measures the first few.
const RECOMMENDED_MAX: usize = 20;

/// What this server is.
#[utoipa::path(get, path = "/v1/server", tag = "server", security(()), responses((status = 200, body = ServerInfo)))]
pub async fn info(State(api): State<Api>) -> Json<ServerInfo> {
    let settings = &api.settings;
    Json(ServerInfo {
        name: settings.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        history: api.messages.history().to_string(),
        sign_up: settings.sign_up,
        password_required: settings.password_required,
        limits: api.coordination.config().limits,
        urls: settings.urls.clone(),
    })
}

/// Where the client stands.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Place {
    /// As servers name their places: `eu-west`.
    #[serde(default)]
    place: String,
}

/// Where to connect, the best first: the nearest place, then free capacity; equal ones in any order. Full and draining
/// ones are left out.
#[utoipa::path(
    get, path = "/v1/servers/recommended", tag = "server", security(()), params(Place),
    responses((status = 200, body = Recommended))
)]
pub async fn recommended(State(api): State<Api>, Query(at): Query<Place>) -> Answer<Json<Recommended>> {
    let nodes = api.coordination.nodes().await?;
    Ok(Json(Recommended { servers: ranked(nodes, &at.place, || api.entropy.u64()) }))
}

fn ranked(nodes: Vec<Node>, place: &str, mut random: impl FnMut() -> u64) -> Vec<RecommendedServer> {
    let open = nodes.into_iter().filter(|node| !node.draining && node.load < node.capacity);
    let mut open: Vec<_> =
        open.map(|node| (nearness(&node.place, place), free_tenths(&node), random(), node)).collect();
    open.sort_by(|one, other| (other.0, other.1).cmp(&(one.0, one.1)).then(one.2.cmp(&other.2)));
    let shown = open.into_iter().take(RECOMMENDED_MAX).map(|(.., node)| RecommendedServer {
        url: node.url,
        place: node.place,
        free: node.capacity - node.load,
    });
    shown.collect()
}

/// How many parts of two places' names are the same, from the start: `eu-west` is nearer to `eu-north` than to `us`.
fn nearness(one: &str, other: &str) -> usize {
    one.split('-').zip(other.split('-')).take_while(|(one, other)| one == other && !one.is_empty()).count()
}

/// Tenths of a node's capacity that are free: nodes that differ by less are equal, so that load spreads.
fn free_tenths(node: &Node) -> u64 {
    (node.capacity - node.load) * 10 / node.capacity
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, place: &str, capacity: u64, load: u64, draining: bool) -> Node {
        Node { name: name.into(), url: name.into(), place: place.into(), capacity, load, draining }
    }

    #[test]
    fn the_nearest_then_the_freest_and_no_full_or_draining_ones() {
        let nodes = || {
            vec![
                node("far", "us-east", 100, 0, false),
                node("near-busy", "eu-west", 100, 90, false),
                node("near-free", "eu-west", 100, 10, false),
                node("next", "eu-north", 100, 0, false),
                node("full", "eu-west", 100, 100, false),
                node("draining", "eu-west", 100, 0, true),
            ]
        };
        let urls =
            |place| ranked(nodes(), place, || 0).into_iter().map(|server| server.url).collect::<Vec<_>>();
        assert_eq!(urls("eu-west"), ["near-free", "near-busy", "next", "far"]);
        assert_eq!(urls("us-east")[0], "far");
        assert_eq!(urls("")[2..], ["near-free", "near-busy"]);
    }

    #[test]
    fn equal_ones_are_spread() {
        let mut numbers = [2, 1].into_iter().cycle();
        let nodes = vec![node("a", "", 100, 1, false), node("b", "", 100, 2, false)];
        let first = &ranked(nodes, "", || numbers.next().unwrap())[0];
        assert_eq!(first.url, "b");
    }
}
