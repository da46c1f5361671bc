//! `GET /v1/me/friends`, `PUT`, `DELETE /v1/me/friends/{user}`.

use axum::{Json, extract::State, http::StatusCode};
use tertulia_core::UserId;
use tertulia_protocol::rest::{Friend, FriendAnswer, List};

use super::{
    Api,
    command::blocked,
    extract::{At, Caller, UserPath},
    people::friend_state,
    problem::Answer,
};

/// My friends, whom I asked, and who asks me.
#[utoipa::path(get, path = "/v1/me/friends", tag = "friends", responses((status = 200, body = List<Friend>)))]
pub async fn list(State(api): State<Api>, caller: Caller) -> Answer<Json<List<Friend>>> {
    let friends = api.directory.friends(caller.id()).await?;
    let ids: Vec<UserId> = friends.iter().map(|(user, _)| *user).collect();
    let people = api.people(&ids).await?;
    let shown = friends.into_iter().filter_map(|(user, state)| {
        Some(Friend { user: people.get(&user)?.clone(), state: friend_state(state) })
    });
    Ok(Json(List::whole(shown.collect())))
}

/// Asks somebody for their friendship, or accepts theirs.
#[utoipa::path(
    put, path = "/v1/me/friends/{user}", tag = "friends", params(UserPath),
    responses((status = 200, body = FriendAnswer))
)]
pub async fn befriend(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<UserPath>,
) -> Answer<Json<FriendAnswer>> {
    let other = api.other(&caller, at.user).await?;
    let answer = api.directory.befriend(caller.id(), other.id, api.clock.now()).await?;
    let (friendship, changes) = answer.ok_or_else(blocked)?;
    api.tell(changes);
    Ok(Json(FriendAnswer { state: friend_state(friendship) }))
}

/// Ends a friendship, declines or withdraws one.
#[utoipa::path(
    delete, path = "/v1/me/friends/{user}", tag = "friends", params(UserPath), responses((status = 204))
)]
pub async fn unfriend(State(api): State<Api>, caller: Caller, At(at): At<UserPath>) -> Answer<StatusCode> {
    let other = api.other(&caller, at.user).await?;
    api.tell(api.directory.unfriend(caller.id(), other.id).await?);
    Ok(StatusCode::NO_CONTENT)
}
