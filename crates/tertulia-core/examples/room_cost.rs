//! What a room costs: time and allocations per decided post, bytes per quiet room.
//!
//! `cargo run --release -p tertulia-core --example room_cost`. The same work at any load, so the counts are exact and
//! the times are those of one idle core.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

use tertulia_core::{
    Limits, Member, Nonce, Role, Room, RoomId, Standing, TimeMs, UserId,
    permission::RoomKind,
    room::{Ask, Circumstances, Command, Decision, Opening, RoomSettings, TAIL_ENTRIES, WINDOW_ENTRIES},
    row::{Row, chain_start},
};

/// Counts what is allocated, and hands everything on to the system.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES_LIVE: AtomicU64 = AtomicU64::new(0);

#[expect(unsafe_code, reason = "an allocator is unsafe by its trait")]
// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        BYTES_LIVE.fetch_add(layout.size() as u64, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES_LIVE.fetch_sub(layout.size() as u64, Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ROOM: RoomId = RoomId::new(7);
const PEOPLE: u64 = 5;
const POSTS: u64 = 200_000;
const TEXT_BYTES: usize = 200;

fn main() {
    let (nanoseconds, allocations) = cost_of_posts();
    println!(
        "a post of {TEXT_BYTES} B, decided, taken and published: {nanoseconds} ns, {allocations:.2} allocations"
    );
    println!("its row alone: {} ns", cost_of_rows());
    println!("a retry: {} ns", cost_of_retries());
    println!("a quiet room of {PEOPLE} with one message: {} B", bytes_of(1));
    println!("of that the room itself: {} B", size_of::<Room>());
    println!("the same with a full tail: {} B", bytes_of(TAIL_ENTRIES as u64));
}

fn ask(actor: u64, nonce: u64, since: u64, command: Command) -> Ask {
    // Spread over all bits, as random ones are.
    let nonce = Nonce(u128::from(nonce + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
    Ask { actor: UserId::new(actor), nonce, since: Some(since), command }
}

fn post(nonce: u64, since: u64) -> Ask {
    ask(
        1 + nonce % PEOPLE,
        nonce,
        since,
        Command::Post { text: "x".repeat(TEXT_BYTES), reply_to: None, attached: Default::default() },
    )
}

fn room_of_people() -> Room {
    let fresh = Opening {
        room: ROOM,
        epoch: 1,
        epochs: [(1, 1)].into(),
        meta: None,
        first: 1,
        purged: None,
        tail: Vec::new(),
    };
    let (mut room, _) = Room::open(fresh).expect("an empty tail is sound");
    let members = (2..=PEOPLE).map(UserId::new).collect();
    let settings = RoomSettings::default();
    let create = Command::Create { kind: RoomKind::Group, name: "The five".into(), settings, members };
    run(&mut room, &ask(1, u64::MAX - 1, 0, create));
    room
}

/// Decides, takes and publishes, as an owner does.
fn run(room: &mut Room, ask: &Ask) -> Vec<Row> {
    let limits = Limits::default();
    let mut around = Circumstances { limits: &limits, now: TimeMs(1_800_000_000_000), salt: &mut || [7; 16] };
    let decision = room.decide(ask, &mut around);
    assert!(matches!(decision, Decision::Numbered { .. }), "{decision:?}");
    let taken = room.take_unsent();
    taken.iter().for_each(|numbered| room.publish(&numbered.entry));
    taken.into_iter().map(|numbered| numbered.row).collect()
}

fn fill(room: &mut Room, posts: u64) -> Vec<Row> {
    (0..posts).flat_map(|nonce| run(room, &post(nonce, nonce))).collect()
}

fn cost_of_posts() -> (u128, f64) {
    let mut room = room_of_people();
    fill(&mut room, WINDOW_ENTRIES as u64);
    let asks: Vec<Ask> =
        (0..POSTS).map(|nonce| post(nonce + 1_000_000, nonce + WINDOW_ENTRIES as u64)).collect();
    let (before, start) = (ALLOCATIONS.load(Relaxed), Instant::now());
    for ask in &asks {
        black_box(run(&mut room, ask));
    }
    let nanoseconds = start.elapsed().as_nanos() / u128::from(POSTS);
    // One of them is the list of rows that this program makes.
    let allocations = (ALLOCATIONS.load(Relaxed) - before) as f64 / POSTS as f64 - 1.0;
    (nanoseconds, allocations)
}

fn cost_of_rows() -> u128 {
    let mut room = room_of_people();
    let entry = run(&mut room, &post(1, 0)).pop().and_then(|row| row.decode().ok()).expect("a row was made");
    let mut chain = chain_start(ROOM);
    let start = Instant::now();
    for _ in 0..POSTS {
        chain = black_box(Row::encode(&entry, 1, [7; 16], &chain)).1;
    }
    start.elapsed().as_nanos() / u128::from(POSTS)
}

fn cost_of_retries() -> u128 {
    let mut room = room_of_people();
    fill(&mut room, WINDOW_ENTRIES as u64);
    let limits = Limits::default();
    let mut around = Circumstances { limits: &limits, now: TimeMs(1_800_000_000_000), salt: &mut || [7; 16] };
    let retry = post(WINDOW_ENTRIES as u64 / 2, 0);
    let start = Instant::now();
    for _ in 0..POSTS {
        black_box(room.decide(&retry, &mut around));
    }
    start.elapsed().as_nanos() / u128::from(POSTS)
}

/// What a room takes that was opened after so many posts, and knows all its people.
fn bytes_of(posts: u64) -> u64 {
    let before = BYTES_LIVE.load(Relaxed);
    let mut made = room_of_people();
    let mut rows = fill(&mut made, posts);
    let tail = rows.split_off(rows.len().saturating_sub(TAIL_ENTRIES));
    let (epochs, meta) = ([(2, 1)].into(), made.meta().cloned());
    drop((rows, made));
    let opening = Opening { room: ROOM, epoch: 2, epochs, meta, first: 1, purged: None, tail };
    let (mut room, repair) = Room::open(opening).expect("rows that were made here are sound");
    drop(repair);
    for user in (1..=PEOPLE).map(UserId::new) {
        let standing = Standing::In { role: Role::Member, since_seq: 2 };
        room.learn_member(user, Member { standing, seq: 2, blocked: false }, room.moment());
    }
    let room = black_box(Box::new(room));
    let bytes = BYTES_LIVE.load(Relaxed) - before;
    drop(room);
    bytes
}
