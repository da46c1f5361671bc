//! Tertulia on real engines: the ports of `tertulia-ports`, in folders of the same names, files named by technology.
//!
//! Every driver lives here, behind a feature of its own; embedded engines are on by default. Nothing here knows the
//! server or the wire, and no adapter is done before it passes its port's contract suite.

pub mod blobs;
pub mod coordination;
pub mod directory;
pub mod messages;
pub mod presence;
pub mod push;
pub mod time;
