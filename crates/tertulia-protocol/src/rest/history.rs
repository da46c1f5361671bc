//! What was said.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    entry::Entry,
    ids::{RoomId, Seq, TimeMs, UploadId, UserId},
};

/// A page of a room's history, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryPage {
    /// The items.
    pub items: Vec<Entry>,
    /// The first entry that you may read.
    pub first: Seq,
    /// The last entry that was there when the page was made.
    pub through: Seq,
    /// The page covers the entries from here.
    pub from: Seq,
    /// To here, without holes. `from > to` if it covers none.
    pub to: Seq,
}

/// Something to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewMessage {
    /// The text; it may be absent where there are attachments.
    #[serde(default)]
    pub text: String,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// Uploads that it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub attachments: Vec<UploadId>,
}

/// A message in the form of its room's kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum MessageForm {
    /// Of a direct room.
    Direct {
        /// Its number in the room.
        msg_id: Seq,
        /// Who said it.
        #[schema(value_type = String)]
        user_id_from: UserId,
        /// To whom.
        #[schema(value_type = String)]
        user_id_to: UserId,
        /// What, after the last edit.
        text: String,
        /// When, in ms.
        #[schema(value_type = u64)]
        create_timestamp: TimeMs,
    },
    /// Of a group or channel.
    Group {
        /// The room.
        #[schema(value_type = String)]
        group_chat_id: RoomId,
        /// Who said it.
        #[schema(value_type = String)]
        user_id: UserId,
        /// Its number in the room.
        msg_id: Seq,
        /// What, after the last edit.
        text: String,
        /// When, in ms.
        #[schema(value_type = u64)]
        create_timestamp: TimeMs,
    },
}
