//! What can be said about a run besides its seed.

use std::{fmt, str::FromStr};

/// How seeds are run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings {
    /// A safeguard that is switched off.
    pub without: Option<Safeguard>,
    /// Whether everything that happens is written down.
    pub trace: bool,
}

impl Settings {
    /// Whether a safeguard is on.
    pub fn has(&self, safeguard: Safeguard) -> bool {
        self.without != Some(safeguard)
    }
}

/// Things that must be as they are: switched off, each must be caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safeguard {
    /// An append that was fenced is not acknowledged.
    Fence,
    /// Answers and broadcasts wait until entries are stored.
    CommitFirst,
    /// Projections that a dead owner left undone are stored before the room serves anybody.
    Repair,
    /// An append of unknown outcome is repeated with the same rows.
    RepeatUnknown,
    /// A reader's standing is checked by the owner.
    CheckReaders,
    /// A room with a hole is held until it is filled.
    HoldOnHole,
    /// Retries say which head their sender knew at first, not which one it knows now.
    Since,
    /// Rows are kept apart by the epoch that wrote them.
    EpochRows,
    /// Links are numbered.
    LinkSequence,
}

impl Safeguard {
    /// Every safeguard.
    pub const ALL: [Self; 9] = [
        Self::Fence,
        Self::CommitFirst,
        Self::Repair,
        Self::RepeatUnknown,
        Self::CheckReaders,
        Self::HoldOnHole,
        Self::Since,
        Self::EpochRows,
        Self::LinkSequence,
    ];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fence => "fence",
            Self::CommitFirst => "commit-first",
            Self::Repair => "repair",
            Self::RepeatUnknown => "repeat-unknown",
            Self::CheckReaders => "check-readers",
            Self::HoldOnHole => "hold-on-hole",
            Self::Since => "since",
            Self::EpochRows => "epoch-rows",
            Self::LinkSequence => "link-sequence",
        }
    }
}

impl fmt::Display for Safeguard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No safeguard has that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSuchSafeguard;

impl fmt::Display for NoSuchSafeguard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a safeguard; they are: {}", Safeguard::ALL.map(Safeguard::name).join(", "))
    }
}

impl std::error::Error for NoSuchSafeguard {}

impl FromStr for Safeguard {
    type Err = NoSuchSafeguard;

    fn from_str(name: &str) -> Result<Self, NoSuchSafeguard> {
        Self::ALL.into_iter().find(|safeguard| safeguard.name() == name).ok_or(NoSuchSafeguard)
    }
}
