//! The suite that every message store passes on its real engine.
