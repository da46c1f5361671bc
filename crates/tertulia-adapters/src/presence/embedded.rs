//! Presence on a single node: in memory, beside a snapshot on disk of who has which room open.
//!
//! The snapshot is `active.txt` in the data folder, a line a room: its id, then the ids of its users. A thread of its
//! own replaces the file as a whole soon after something changed. It is for readers and the operator and never trusted,
//! so it is not synced: it survives the process, and after a lost disk cache the next one is soon there.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use async_trait::async_trait;
use tertulia_core::{RoomId, TimeMs, UserId};
use tertulia_ports::{
    EngineResult,
    bus::GatewayId,
    presence::{Presence, PresenceStore, Seen, in_process::InProcessPresence},
};

/// The snapshot's name in the data folder.
pub const FILE: &str = "active.txt";
/// How long changes are gathered before they are written. With the owner's own pause it must stay below a second.
const GATHER_MS: u64 = 250;

/// Presence of a single node.
pub struct EmbeddedPresence {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

struct Shared {
    memory: InProcessPresence,
    path: PathBuf,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    changed: bool,
    stopping: bool,
}

impl EmbeddedPresence {
    /// Starts from the snapshot in this data folder, if it has one. Lines that are none are skipped with a warning.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let memory = InProcessPresence::default();
        match fs::read(&path) {
            Ok(bytes) => load(&path, &String::from_utf8_lossy(&bytes), &memory),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let shared = Arc::new(Shared { memory, path, state: Mutex::default(), wake: Condvar::new() });
        let writing = shared.clone();
        let writer = thread::Builder::new().name("presence".into()).spawn(move || writing.write_changes())?;
        Ok(Self { shared, writer: Some(writer) })
    }
}

impl Drop for EmbeddedPresence {
    fn drop(&mut self) {
        self.shared.state().stopping = true;
        self.shared.wake.notify_one();
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the presence writer had stopped");
        }
    }
}

#[async_trait]
impl PresenceStore for EmbeddedPresence {
    async fn set(
        &self,
        gateway: GatewayId,
        users: &[(UserId, Presence)],
        now: TimeMs,
    ) -> EngineResult<Vec<Seen>> {
        self.shared.memory.set(gateway, users, now).await
    }

    async fn get(&self, users: &[UserId]) -> EngineResult<Vec<Seen>> {
        self.shared.memory.get(users).await
    }

    async fn gateways_of(&self, user: UserId) -> EngineResult<Vec<GatewayId>> {
        self.shared.memory.gateways_of(user).await
    }

    async fn forget_gateway(&self, gateway: GatewayId, now: TimeMs) -> EngineResult<Vec<Seen>> {
        self.shared.memory.forget_gateway(gateway, now).await
    }

    async fn save_active(&self, room: RoomId, users: &[UserId]) -> EngineResult<()> {
        self.shared.memory.save_active(room, users).await?;
        self.shared.state().changed = true;
        self.shared.wake.notify_one();
        Ok(())
    }

    async fn active(&self, room: RoomId) -> EngineResult<Vec<UserId>> {
        self.shared.memory.active(room).await
    }

    async fn count_online(&self) -> EngineResult<u64> {
        self.shared.memory.count_online().await
    }
}

impl Shared {
    /// The writer's life: waits for a change, gathers for a moment, writes; once more when told to stop.
    fn write_changes(&self) {
        loop {
            let waiting = |state: &mut State| !state.changed && !state.stopping;
            drop(self.wake.wait_while(self.state(), waiting).unwrap_or_else(PoisonError::into_inner));
            let gather = Duration::from_millis(GATHER_MS);
            let gathered = self.wake.wait_timeout_while(self.state(), gather, |state| !state.stopping);
            let (mut state, _) = gathered.unwrap_or_else(PoisonError::into_inner);
            let State { changed, stopping } = *state;
            state.changed = false;
            drop(state);
            if changed && let Err(error) = self.write() {
                tracing::warn!(path = %self.path.display(), %error, "cannot write who has which room open");
            }
            if stopping {
                return;
            }
        }
    }

    fn write(&self) -> io::Result<()> {
        let mut text = Vec::new();
        for (room, users) in self.memory.all_active() {
            write!(text, "{room}")?;
            users.iter().try_for_each(|user| write!(text, " {user}"))?;
            text.push(b'\n');
        }
        let aside = self.path.with_extension("txt.new");
        fs::write(&aside, text)?;
        fs::rename(&aside, &self.path)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(path: &Path, text: &str, memory: &InProcessPresence) {
    let mut bad = 0;
    for line in text.lines() {
        let (room, users) = line.split_once(' ').unwrap_or((line, ""));
        match (room.parse(), users.split(' ').map(str::parse).collect::<Result<Vec<UserId>, _>>()) {
            (Ok(room), Ok(users)) => memory.restore_active(room, &users),
            _ => bad += 1,
        }
    }
    if bad > 0 {
        tracing::warn!(path = %path.display(), lines = bad, "skipped lines that are not ids");
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, time::Instant};

    use tempfile::TempDir;
    use tertulia_ports::{contract::block_on, presence::contract};

    use super::*;

    const ROOM: RoomId = RoomId::new(7);

    fn ids(numbers: &[u64]) -> Vec<UserId> {
        numbers.iter().copied().map(UserId::new).collect()
    }

    #[test]
    fn the_suite_passes() {
        let folders = RefCell::new(Vec::new());
        block_on(contract::check(|| {
            let folder = TempDir::new().unwrap();
            let presence = EmbeddedPresence::open(folder.path()).unwrap();
            folders.borrow_mut().push(folder);
            presence
        }));
    }

    #[test]
    fn the_snapshot_is_on_disk_within_a_second() {
        let folder = TempDir::new().unwrap();
        let presence = EmbeddedPresence::open(folder.path()).unwrap();
        for (users, line) in [(&[1, 2][..], "7 1 2\n"), (&[3], "7 3\n"), (&[], "")] {
            let saved = Instant::now();
            block_on(presence.save_active(ROOM, &ids(users))).unwrap();
            while fs::read_to_string(folder.path().join(FILE)).ok().as_deref() != Some(line) {
                assert!(saved.elapsed() < Duration::from_secs(1), "no {line:?} in time");
                thread::sleep(Duration::from_millis(5));
            }
        }
    }

    #[test]
    fn the_last_snapshot_is_there_after_a_restart() {
        let folder = TempDir::new().unwrap();
        let presence = EmbeddedPresence::open(folder.path()).unwrap();
        block_on(presence.save_active(ROOM, &ids(&[1, 2]))).unwrap();
        block_on(presence.save_active(RoomId::new(8), &ids(&[5]))).unwrap();
        drop(presence);
        let presence = EmbeddedPresence::open(folder.path()).unwrap();
        assert_eq!(block_on(presence.active(ROOM)).unwrap(), ids(&[1, 2]));
        assert_eq!(block_on(presence.active(RoomId::new(8))).unwrap(), ids(&[5]));
        assert_eq!(block_on(presence.count_online()).unwrap(), 0, "who was online is not kept");
    }

    #[test]
    fn a_damaged_snapshot_loses_only_its_damaged_lines() {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(FILE), b"7 1 2\n8 x\n\xff\xff\n\n9\n10 -1\n11 4\n12 9999").unwrap();
        let presence = EmbeddedPresence::open(folder.path()).unwrap();
        assert_eq!(block_on(presence.active(ROOM)).unwrap(), ids(&[1, 2]));
        assert_eq!(block_on(presence.active(RoomId::new(11))).unwrap(), ids(&[4]));
        for room in [8, 9, 10] {
            assert_eq!(block_on(presence.active(RoomId::new(room))).unwrap(), []);
        }
    }
}
