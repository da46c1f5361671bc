//! Films and sounds in MP4's boxes: how long and how large they are, and where somebody wrote down place, time and machine. Those
//! boxes are blanked where they stand, so that nothing else of a film moves.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

/// Largest index of a film that is looked into, in bytes.
pub const INDEX_BYTES_MAX: u64 = 64 << 20;
/// Most boxes of a file that are looked at.
pub const BOXES_MAX: usize = 1_000;
/// How many bytes the head of a box has at most.
pub const HEAD_BYTES: u64 = 16;

/// A box: what kind, where it begins, where its content does, where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its type.
    pub kind: [u8; 4],
    /// Bytes of its head: 8 or 16.
    pub head: u64,
    /// Bytes of all of it.
    pub size: u64,
}

/// Reads the head of a box that has at most `left` bytes. `None` if it is none.
pub fn head(bytes: &[u8], left: u64) -> Option<Head> {
    let kind = bytes.get(4..8)?.try_into().ok()?;
    let (head, size) = match u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?) {
        0 => (8, left),
        1 => (16, u64::from_be_bytes(bytes.get(8..16)?.try_into().ok()?)),
        size => (8, size.into()),
    };
    (size >= head && size <= left).then_some(Head { kind, head, size })
}

/// Whether a box tells what is nobody's business.
pub fn is_private(kind: [u8; 4]) -> bool {
    matches!(&kind, b"udta" | b"meta" | b"uuid")
}

/// What the index of a film tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Film {
    /// How long it plays.
    pub duration_ms: Option<u64>,
    /// Width and height, as it is shown.
    pub pixels: Option<(u32, u32)>,
    /// Boxes to be blanked, from the beginning of the index: where, and how long their heads are.
    pub private: Vec<(Range<u64>, u64)>,
}

/// Looks into the content of an index (`moov`), or of one track of it.
pub fn look_into(content: &[u8], at: u64, film: &mut Film) {
    let mut from = 0;
    while let Some(rest) = content.get(from..).filter(|rest| !rest.is_empty()) {
        let Some(Head { kind, head, size }) = head(rest, rest.len() as u64) else { return };
        let inside = &rest[head as usize..size as usize];
        let start = at + from as u64;
        match &kind {
            kind if is_private(*kind) => film.private.push((start..start + size, head)),
            b"mvhd" => film.duration_ms = duration_ms(inside),
            b"tkhd" => film.pixels = film.pixels.or(pixels(inside)),
            b"trak" => look_into(inside, start + head, film),
            _ => {}
        }
        from += size as usize;
    }
}

fn duration_ms(header: &[u8]) -> Option<u64> {
    let long = *header.first()? == 1;
    let scale_at = if long { 20 } else { 12 };
    let scale = u32::from_be_bytes(header.get(scale_at..scale_at + 4)?.try_into().ok()?);
    let rest = header.get(scale_at + 4..)?;
    let duration = match long {
        true => u64::from_be_bytes(rest.get(..8)?.try_into().ok()?),
        false => u32::from_be_bytes(rest.get(..4)?.try_into().ok()?).into(),
    };
    duration.checked_mul(1_000)?.checked_div(scale.into()).filter(|duration| *duration > 0)
}

fn pixels(header: &[u8]) -> Option<(u32, u32)> {
    let matrix_at = if *header.first()? == 1 { 52 } else { 40 };
    let number = |at: usize| Some(i32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
    // Fixed-point numbers with 16 bits behind the point.
    let (width, height) = (number(matrix_at + 36)? >> 16, number(matrix_at + 40)? >> 16);
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let is_on_its_side = number(matrix_at)? == 0 && number(matrix_at + 4)? != 0;
    let pixels = if is_on_its_side { (height, width) } else { (width, height) };
    (width > 0 && height > 0).then_some(pixels)
}

/// A piece of a file that begins at `at`, with the boxes blanked that reach into it.
pub fn blanked(piece: Bytes, at: u64, private: &[(Range<u64>, u64)]) -> Bytes {
    let end = at + piece.len() as u64;
    let touches = |(range, _): &&(Range<u64>, u64)| range.start < end && at < range.end;
    if private.iter().find(touches).is_none() {
        return piece;
    }
    let mut bytes = BytesMut::from(&piece[..]);
    for (range, head) in private.iter().filter(touches) {
        for place in range.start.max(at)..range.end.min(end) {
            let byte = &mut bytes[(place - at) as usize];
            match place - range.start {
                inside @ 4..8 => *byte = b"free"[(inside - 4) as usize],
                inside if inside >= *head => *byte = 0,
                _ => {}
            }
        }
    }
    bytes.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_box(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
    }

    fn track(width: u32, height: u32, turned: bool) -> Vec<u8> {
        let mut header = vec![0; 84];
        let matrix: [u32; 9] = if turned {
            [0, 0x1_0000, 0, 0xffff_0000, 0, 0, 0, 0, 0x4000_0000]
        } else {
            [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000]
        };
        for (at, number) in matrix.into_iter().chain([width << 16, height << 16]).enumerate() {
            header[40 + 4 * at..44 + 4 * at].copy_from_slice(&number.to_be_bytes());
        }
        a_box(
            b"trak",
            &[a_box(b"tkhd", &header), a_box(b"udta", b"SECRET camera"), a_box(b"mdia", b"samples")].concat(),
        )
    }

    #[test]
    fn a_film_is_measured_and_blanked_where_it_tells_too_much() {
        for (turned, pixels) in [(false, (1_920, 1_080)), (true, (1_080, 1_920))] {
            let mut times = vec![0; 100];
            times[12..16].copy_from_slice(&600_u32.to_be_bytes());
            times[16..20].copy_from_slice(&7_500_u32.to_be_bytes());
            let index = [
                a_box(b"mvhd", &times),
                track(1_920, 1_080, turned),
                a_box(b"udta", b"+43.26-002.93/ SECRET"),
            ]
            .concat();
            let mut film = Film::default();
            look_into(&index, 100, &mut film);
            assert_eq!((film.duration_ms, film.pixels, film.private.len()), (Some(12_500), Some(pixels), 2));
            // In pieces of every size the same comes out, as long as it was.
            let whole = blanked(Bytes::from(index.clone()), 100, &film.private);
            assert_eq!(whole.len(), index.len());
            assert!(
                !whole.windows(6).any(|window| window == b"SECRET")
                    && whole.windows(7).any(|window| window == b"samples")
            );
            assert_eq!(whole.windows(4).filter(|window| *window == b"free").count(), 2);
            for size in [1, 3, 7, 50] {
                let pieces = index.chunks(size).enumerate().flat_map(|(number, piece)| {
                    blanked(Bytes::copy_from_slice(piece), 100 + (number * size) as u64, &film.private)
                });
                assert_eq!(pieces.collect::<Vec<u8>>(), whole);
            }
        }
    }

    #[test]
    fn boxes_that_lie_end_the_look() {
        for bytes in [
            &b""[..],
            b"\0\0\0\x07moov",
            b"\0\0\0\xffmvhd",
            b"\0\0\0\x01mvhd\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\0\0\0\x08mvhd\0\0\0\x09trak\0",
        ] {
            let mut film = Film::default();
            look_into(bytes, 0, &mut film);
            assert_eq!(film, Film::default(), "{bytes:?}");
        }
        assert_eq!(head(b"\0\0\0\0mdat", 50), Some(Head { kind: *b"mdat", head: 8, size: 50 }));
    }
}
