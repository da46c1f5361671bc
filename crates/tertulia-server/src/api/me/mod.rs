//! `/me`: one's own profile, devices, settings and rooms.

pub mod devices;
pub mod password;
pub mod profile;
pub mod rooms;
pub mod settings;
