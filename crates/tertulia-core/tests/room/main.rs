//! The room, seen from outside: what it decides, numbers, publishes and grants.
//!
//! [`world`] is a room with the stores around it. Then tables of who may do what (`matrix`), of one subject each
//! (`nonces`, `people`, `messages`, `reading`, `stores`), and random sequences against a model (`random`, whose
//! laws are in `lawful`).

mod lawful;
mod matrix;
mod messages;
mod nonces;
mod people;
mod random;
mod reading;
mod stores;
mod world;
