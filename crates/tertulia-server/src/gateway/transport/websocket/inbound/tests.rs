//! The parser against tables of wrong frames, and against streams cut anywhere.

use proptest::prelude::*;

use super::*;

const LIMITS: MessageLimits = MessageLimits { message_max_bytes: 1_000, fragments_max_count: 8 };
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

#[derive(Clone, PartialEq, Debug)]
enum Got {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
    Violation(Violation),
}

impl From<Event<'_>> for Got {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Text(text) => Self::Text(text.to_owned()),
            Event::Binary(data) => Self::Binary(data.to_vec()),
            Event::Ping(data) => Self::Ping(data.to_vec()),
            Event::Pong(data) => Self::Pong(data.to_vec()),
            Event::Close(code) => Self::Close(code.map(CloseCode::number)),
        }
    }
}

/// A client's frame; `first` is its first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length @ 126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ MASK[i % 4]));
    bytes
}

/// What the parser makes of `pieces`, each one read, taking at most `per_read` events from each.
fn receive<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, per_read: usize) -> (Vec<Got>, Inbound) {
    let mut inbound = Inbound::default();
    let mut buffer = vec![0; 1 << 16];
    let mut got = Vec::new();
    for piece in pieces.into_iter().map(Some).chain(std::iter::repeat_n(None, 1_000)) {
        let held = inbound.release(&mut buffer);
        let end = held + piece.map_or(0, <[u8]>::len);
        if let Some(piece) = piece {
            buffer[held..end].copy_from_slice(piece);
        }
        let mut input = Input::new(&mut buffer[..end]);
        for _ in 0..per_read {
            match inbound.next(&mut input, LIMITS) {
                Ok(Some(event)) => got.push(event.into()),
                Ok(None) => break,
                Err(violation) => {
                    got.push(Got::Violation(violation));
                    return (got, inbound);
                }
            }
        }
        let rest = input.rest().to_vec();
        inbound.hold(&rest);
        if piece.is_none() && rest.is_empty() {
            break;
        }
    }
    (got, inbound)
}

fn check(bytes: &[u8], expect: &[Got]) {
    assert_eq!(receive([bytes], usize::MAX).0, expect, "in one read: {bytes:02x?}");
    assert_eq!(receive(bytes.chunks(1), usize::MAX).0, expect, "byte by byte: {bytes:02x?}");
    assert_eq!(receive([bytes], 1).0, expect, "one event per read: {bytes:02x?}");
}

fn refuse(bytes: &[u8], violation: Violation) {
    check(bytes, &[Got::Violation(violation)]);
}

#[test]
fn messages_and_control_frames() {
    check(&frame(0x81, "grüße".as_bytes()), &[Got::Text("grüße".into())]);
    check(&frame(0x82, &[0, 255]), &[Got::Binary(vec![0, 255])]);
    check(&frame(0x81, b""), &[Got::Text(String::new())]);
    check(&frame(0x82, &[9; 1_000]), &[Got::Binary(vec![9; 1_000])]);
    check(&frame(0x89, b"p"), &[Got::Ping(b"p".to_vec())]);
    check(&frame(0x8a, b""), &[Got::Pong(vec![])]);
    let fragmented = [
        frame(0x01, b"\xf0\x9f"),
        frame(0x89, b"between"),
        frame(0x00, b""),
        frame(0x80, b"\x98\x80"),
        frame(0x81, b"next"),
    ];
    check(
        &fragmented.concat(),
        &[Got::Ping(b"between".to_vec()), Got::Text("😀".into()), Got::Text("next".into())],
    );
}

#[test]
fn lengths_need_not_be_minimal() {
    let mut long = vec![0x82, 0x80 | 127];
    long.extend(1u64.to_be_bytes());
    long.extend(MASK);
    long.push(5 ^ MASK[0]);
    check(&long, &[Got::Binary(vec![5])]);
}

#[test]
fn close_frames() {
    check(&frame(0x88, b""), &[Got::Close(None)]);
    check(&frame(0x88, &[0x03, 0xe8, b'b', b'y', b'e']), &[Got::Close(Some(1000))]);
    refuse(&frame(0x88, &[0x03]), Violation::CloseTooShort);
    refuse(&frame(0x88, &[0x03, 0xe8, 0xff]), Violation::InvalidUtf8);
    for number in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535u16] {
        refuse(&frame(0x88, &number.to_be_bytes()), Violation::InvalidCloseCode(number));
    }
    for number in [1000, 1001, 1003, 1007, 1014, 3000, 4999u16] {
        check(&frame(0x88, &number.to_be_bytes()), &[Got::Close(Some(number))]);
    }
}

#[test]
fn broken_frames_are_refused() {
    refuse(&[0x81, 0x01, b'a'], Violation::Unmasked);
    for bit in [0x40, 0x20, 0x10] {
        refuse(&frame(0x81 | bit, b""), Violation::ReservedBits);
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        refuse(&frame(0x80 | opcode, b""), Violation::UnknownOpcode(opcode));
    }
    refuse(&frame(0x89, &[0; 126]), Violation::ControlTooLong);
    refuse(&frame(0x09, b""), Violation::ControlFragmented);
    refuse(&frame(0x80, b""), Violation::StrayContinuation);
    refuse(&[frame(0x01, b"a"), frame(0x81, b"b")].concat(), Violation::Interrupted);
    refuse(&frame(0x81, b"\xff"), Violation::InvalidUtf8);
    refuse(&[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], Violation::ImpossibleLength);
}

#[test]
fn size_is_judged_by_the_header() {
    let hundred_megabytes = [0x82, 0xff, 0, 0, 0, 0, 0x05, 0xf5, 0xe1, 0x00, 1, 2, 3, 4];
    refuse(&hundred_megabytes, Violation::MessageTooBig { limit: 1_000 });
    let summed = [frame(0x02, &[0; 600]), frame(0x00, &[0; 401])].concat();
    refuse(&summed[..600 + 8 + 8], Violation::MessageTooBig { limit: 1_000 });
    let exactly = [frame(0x02, &[0; 600]), frame(0x80, &[0; 400])].concat();
    check(&exactly, &[Got::Binary(vec![0; 1_000])]);
}

#[test]
fn fragments_are_counted() {
    let seven = [frame(0x01, b"")].into_iter().chain(std::iter::repeat_n(frame(0x00, b""), 6)).flatten();
    let eight: Vec<u8> = seven.clone().chain(frame(0x80, b"")).collect();
    check(&eight, &[Got::Text(String::new())]);
    let nine: Vec<u8> = seven.chain(frame(0x00, b"")).chain(frame(0x80, b"")).collect();
    refuse(&nine, Violation::TooManyFragments { limit: 8 });
}

#[test]
fn bad_text_is_refused_before_the_message_ends() {
    let start = frame(0x01, b"ok \xed\xa0");
    refuse(&start, Violation::InvalidUtf8);
}

#[test]
fn nothing_is_kept_between_messages() {
    let (_, inbound) = receive(frame(0x81, b"hello").chunks(3), usize::MAX);
    assert!(inbound.0.is_none());
    let (_, inbound) = receive([frame(0x81, b"hello").as_slice(), &[0x81]], usize::MAX);
    assert_eq!(inbound.held_bytes(), 1);
    assert_eq!(size_of::<Inbound>(), 8);
}

#[derive(Clone, Debug)]
enum Sent {
    Message { is_text: bool, pieces: Vec<String>, ping: Option<Vec<u8>> },
    Pong(Vec<u8>),
}

fn sent() -> impl Strategy<Value = Sent> {
    let data = || proptest::collection::vec(any::<u8>(), 0..=125);
    let pieces =
        || proptest::collection::vec(proptest::string::string_regex(".{0,60}").expect("a pattern"), 1..=4);
    prop_oneof![
        4 => (any::<bool>(), pieces(), proptest::option::of(data()))
            .prop_map(|(is_text, pieces, ping)| Sent::Message { is_text, pieces, ping }),
        1 => data().prop_map(Sent::Pong),
    ]
}

/// The stream of `all`, and what a reader of it must get.
fn stream(all: &[Sent]) -> (Vec<u8>, Vec<Got>) {
    let (mut bytes, mut expect) = (Vec::new(), Vec::new());
    for sent in all {
        match sent {
            Sent::Pong(data) => {
                bytes.extend(frame(0x8a, data));
                expect.push(Got::Pong(data.clone()));
            }
            Sent::Message { is_text, pieces, ping } => {
                let whole = pieces.concat();
                // Cut by bytes, so that characters are cut as well.
                let size = whole.len().div_ceil(pieces.len()).max(1);
                let fragments: Vec<&[u8]> =
                    if whole.is_empty() { vec![&[]] } else { whole.as_bytes().chunks(size).collect() };
                for (i, fragment) in fragments.iter().enumerate() {
                    if let Some(ping) = ping.as_ref().filter(|_| i == 1) {
                        bytes.extend(frame(0x89, ping));
                        expect.push(Got::Ping(ping.clone()));
                    }
                    let opcode = if i > 0 {
                        0
                    } else if *is_text {
                        1
                    } else {
                        2
                    };
                    let last = if i + 1 == fragments.len() { 0x80 } else { 0 };
                    bytes.extend(frame(last | opcode, fragment));
                }
                expect.push(if *is_text { Got::Text(whole) } else { Got::Binary(whole.into_bytes()) });
            }
        }
    }
    (bytes, expect)
}

/// `bytes` cut at `cuts`, each taken as a share of the whole.
fn cut<'a>(bytes: &'a [u8], cuts: &[u16]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> =
        cuts.iter().map(|cut| bytes.len() * *cut as usize / (u16::MAX as usize + 1)).collect();
    at.sort_unstable();
    let starts = std::iter::once(0).chain(at.iter().copied());
    let ends = at.iter().copied().chain(std::iter::once(bytes.len()));
    starts.zip(ends).map(|(start, end)| &bytes[start..end]).collect()
}

proptest! {
    #[test]
    fn any_split_gives_the_same_messages(
        all in proptest::collection::vec(sent(), 0..6),
        cuts in proptest::collection::vec(any::<u16>(), 0..12),
        per_read in 1usize..4,
    ) {
        let (bytes, expect) = stream(&all);
        let (got, inbound) = receive(cut(&bytes, &cuts), per_read);
        prop_assert_eq!(got, expect);
        prop_assert!(inbound.0.is_none());
    }

    #[test]
    fn any_split_of_anything_is_judged_alike(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
        cuts in proptest::collection::vec(any::<u16>(), 0..6),
    ) {
        // Nudge the first frame towards validity, else almost every stream ends at its first byte.
        if let [first, second, ..] = bytes.as_mut_slice() {
            *first &= 0x8b;
            *second |= 0x80;
        }
        let (whole, _) = receive([bytes.as_slice()], usize::MAX);
        let (pieces, _) = receive(cut(&bytes, &cuts), usize::MAX);
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn a_flipped_bit_never_panics(
        all in proptest::collection::vec(sent(), 1..4), at in any::<prop::sample::Index>(), bit in 0u8..8,
    ) {
        let (mut bytes, _) = stream(&all);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        receive(bytes.chunks(7), usize::MAX);
    }
}
