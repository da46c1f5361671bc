//! Takes out of pictures what a camera or editor wrote of place, time, owner and machine. Pixels stay as they are: nothing is
//! encoded again. How a picture is to be turned is kept, and nothing else of it.

use bytes::Bytes;

/// EXIF that says only how a picture is to be turned, little-endian: header, one entry, end.
const EXIF: [u8; 32] = *b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0";
/// Where the turn stands in it.
const EXIF_TURN_AT: usize = 24;

/// The picture without what is nobody's business, and how it is to be turned (1 to 8, as EXIF counts). `None` if it is no
/// whole picture of that type.
pub fn strip(media_type: &str, picture: &[u8]) -> Option<(Bytes, u8)> {
    match media_type {
        "image/jpeg" => strip_jpeg(picture),
        "image/png" => strip_png(picture).map(|stripped| (stripped, 1)),
        "image/webp" => strip_webp(picture),
        "image/gif" => Some((Bytes::copy_from_slice(picture), 1)),
        _ => None,
    }
}

fn strip_jpeg(picture: &[u8]) -> Option<(Bytes, u8)> {
    let mut stripped = Vec::with_capacity(picture.len());
    stripped.extend(picture.get(..2).filter(|start| *start == b"\xff\xd8")?);
    let (mut at, mut turn) = (2, 1);
    let mut rest: Vec<u8> = Vec::new();
    loop {
        // Segments may be set apart by any number of 0xff.
        while picture.get(at..at + 2)? == b"\xff\xff" {
            at += 1;
        }
        let [0xff, marker] = *picture.get(at..at + 2)? else { return None };
        // From the first scan on there are pixels up to the end of the picture.
        if marker == 0xda {
            let end = picture.windows(2).rposition(|pair| pair == b"\xff\xd9")? + 2;
            rest.extend(picture.get(at..end)?);
            break;
        }
        let length = usize::from(u16::from_be_bytes(picture.get(at + 2..at + 4)?.try_into().ok()?));
        let segment = picture.get(at..at + 2 + length.max(2))?;
        if let Some(exif) =
            segment.get(4..).and_then(|body| body.strip_prefix(b"Exif\0\0")).filter(|_| marker == 0xe1)
        {
            turn = turn_of(exif).unwrap_or(turn);
        }
        if keeps_jpeg(marker, segment) {
            rest.extend(segment);
        }
        at += segment.len();
    }
    if turn != 1 {
        stripped.extend([0xff, 0xe1, 0, (EXIF.len() + 2) as u8]);
        let at = stripped.len();
        stripped.extend(EXIF);
        stripped[at + EXIF_TURN_AT] = turn;
    }
    stripped.extend(rest);
    Some((stripped.into(), turn))
}

/// What a decoder needs: all but application data and comments, of which colours alone stay.
fn keeps_jpeg(marker: u8, segment: &[u8]) -> bool {
    match marker {
        0xe0 | 0xee => true,
        0xe2 => segment.get(4..).is_some_and(|body| body.starts_with(b"ICC_PROFILE\0")),
        0xe1..=0xef | 0xfe => false,
        _ => true,
    }
}

/// How a picture is to be turned, from the directory of its EXIF.
fn turn_of(exif: &[u8]) -> Option<u8> {
    let little = match exif.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = exif.get(at..at + 2)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let bytes = exif.get(4..8)?.try_into().ok()?;
    let directory = if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) } as usize;
    let count = usize::from(short(directory)?);
    let entries = (0..count).map(|entry| directory + 2 + 12 * entry);
    let found = entries.into_iter().find(|at| short(*at) == Some(0x0112))?;
    short(found + 8).filter(|turn| (1..=8).contains(turn)).map(|turn| turn as u8)
}

fn strip_png(picture: &[u8]) -> Option<Bytes> {
    const SIGNATURE: usize = 8;
    let mut stripped = Vec::with_capacity(picture.len());
    stripped.extend(picture.get(..SIGNATURE)?);
    let mut at = SIGNATURE;
    loop {
        let length = u32::from_be_bytes(picture.get(at..at + 4)?.try_into().ok()?) as usize;
        let end = at.checked_add(length)?.checked_add(12)?;
        let chunk = picture.get(at..end)?;
        let name = &chunk[4..8];
        if !matches!(name, b"eXIf" | b"tEXt" | b"zTXt" | b"iTXt" | b"tIME") {
            stripped.extend(chunk);
        }
        if name == b"IEND" {
            return Some(stripped.into());
        }
        at = end;
    }
}

fn strip_webp(picture: &[u8]) -> Option<(Bytes, u8)> {
    // Flags of the extended header that announce EXIF and XMP.
    const ANNOUNCED: u8 = 0b0000_1100;
    let mut stripped = Vec::with_capacity(picture.len());
    stripped.extend(picture.get(..12)?);
    let (mut at, mut turn) = (12, 1);
    while at < picture.len() {
        let length = u32::from_le_bytes(picture.get(at + 4..at + 8)?.try_into().ok()?) as usize;
        let end = at.checked_add(8)?.checked_add(length)?;
        let chunk = picture.get(at..end)?;
        match &chunk[..4] {
            b"EXIF" => {
                let exif = &chunk[8..];
                turn = turn_of(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)).unwrap_or(turn);
            }
            b"XMP " => {}
            name => {
                let from = stripped.len();
                stripped.extend(chunk);
                if name == b"VP8X" {
                    *stripped.get_mut(from + 8)? &= !ANNOUNCED;
                }
                if length % 2 == 1 {
                    stripped.push(0);
                }
            }
        }
        at = end + length % 2;
    }
    let length = u32::try_from(stripped.len() - 8).ok()?;
    stripped[4..8].copy_from_slice(&length.to_le_bytes());
    Some((stripped.into(), turn))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EXIF of a camera: turned by this, and somewhere.
    fn camera(turn: u8, little: bool) -> Vec<u8> {
        let mut exif =
            if little { b"II*\0\x08\0\0\0\x01\0".to_vec() } else { b"MM\0*\0\0\0\x08\0\x01".to_vec() };
        match little {
            true => exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, turn, 0, 0, 0]),
            false => exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, turn, 0, 0]),
        }
        exif.extend(b"\0\0\0\0 GPS 43.26 -2.93 of SECRET CAMERA");
        exif
    }

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        [&[0xff, marker], &((body.len() + 2) as u16).to_be_bytes()[..], body].concat()
    }

    #[test]
    fn jpegs_keep_pixels_colours_and_turn() {
        for little in [true, false] {
            let exif = [b"Exif\0\0".to_vec(), camera(6, little)].concat();
            let picture = [
                b"\xff\xd8".to_vec(),
                segment(0xe0, b"JFIF\0"),
                segment(0xe1, &exif),
                segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0SECRET"),
                segment(0xe2, b"ICC_PROFILE\0colours"),
                segment(0xed, b"Photoshop SECRET"),
                segment(0xfe, b"a SECRET comment"),
                segment(0xdb, b"tables"),
                b"\xff\xda pixels \xff\xd9".to_vec(),
                b"SECRET behind the end".to_vec(),
            ]
            .concat();
            let (stripped, turn) = strip("image/jpeg", &picture).unwrap();
            assert_eq!(turn, 6);
            let has = |what: &[u8]| stripped.windows(what.len()).any(|window| window == what);
            assert!(!has(b"SECRET") && !has(b"GPS"));
            assert!(
                has(b"ICC_PROFILE\0colours") && has(b"tables") && stripped.ends_with(b" pixels \xff\xd9")
            );
            assert_eq!(
                strip("image/jpeg", &stripped).unwrap(),
                (stripped.clone(), 6),
                "nothing more to take out"
            );
        }
        let upright =
            [b"\xff\xd8".to_vec(), segment(0xdb, b"t"), b"\xff\xda pixels \xff\xd9".to_vec()].concat();
        assert_eq!(strip("image/jpeg", &upright).unwrap(), (upright.into(), 1));
    }

    #[test]
    fn pngs_and_webps_keep_pixels() {
        let chunk =
            |name: &[u8], body: &[u8]| [&(body.len() as u32).to_be_bytes()[..], name, body, b"crc!"].concat();
        let parts = [
            b"\x89PNG\r\n\x1a\n".to_vec(),
            chunk(b"IHDR", b"size"),
            chunk(b"tEXt", b"SECRET"),
            chunk(b"eXIf", b"SECRET"),
            chunk(b"IDAT", b"pixels"),
            chunk(b"IEND", b""),
        ];
        let stripped = strip("image/png", &[parts.concat(), b"SECRET".to_vec()].concat()).unwrap().0;
        assert_eq!(stripped, [&parts[0][..], &parts[1], &parts[4], &parts[5]].concat());

        let riff = |parts: &[Vec<u8>]| {
            let body = parts.concat();
            [b"RIFF", &((body.len() + 4) as u32).to_le_bytes()[..], b"WEBP", &body].concat()
        };
        let chunk = |name: &[u8], body: &[u8]| {
            [name, &(body.len() as u32).to_le_bytes()[..], body, &vec![0; body.len() % 2]].concat()
        };
        let picture = riff(&[
            chunk(b"VP8X", &[0b0001_1100, 0, 0, 0, 1, 0, 0, 1, 0, 0]),
            chunk(b"VP8 ", b"pixels!"),
            chunk(b"EXIF", &camera(8, true)),
            chunk(b"XMP ", b"SECRET"),
        ]);
        let clean =
            riff(&[chunk(b"VP8X", &[0b0001_0000, 0, 0, 0, 1, 0, 0, 1, 0, 0]), chunk(b"VP8 ", b"pixels!")]);
        assert_eq!(strip("image/webp", &picture).unwrap(), (clean.into(), 8));
    }

    #[test]
    fn what_is_cut_or_lies_is_no_picture() {
        let picture = [
            b"\xff\xd8".to_vec(),
            segment(0xe1, b"Exif\0\0II*\0\xff\xff\xff\xff"),
            b"\xff\xda pixels".to_vec(),
        ]
        .concat();
        for cut in 0..picture.len() {
            assert!(strip("image/jpeg", &picture[..cut]).is_none(), "{cut}");
        }
        for (media_type, bytes) in [
            ("image/png", &b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT"[..]),
            ("image/webp", b"RIFF\0\0\0\0WEBPVP8 \xff\xff\xff\xff"),
            ("image/jpeg", b"\xff\xd8\xff"),
            ("text/html", b"<html>"),
        ] {
            assert!(strip(media_type, bytes).is_none(), "{media_type}");
        }
    }
}
