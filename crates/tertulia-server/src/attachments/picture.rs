//! Small pictures that stand for large ones. Whoever sends a picture chooses what the decoder is fed, so everything about it
//! has a bound.

use std::io::Cursor;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    imageops::FilterType,
};
use tertulia_core::attachment::Thumb;

/// Most pixels of a picture that is decoded: a camera's, with room to spare.
const PIXELS_MAX: u64 = 64_000_000;
/// Longest side of a picture that is decoded, in pixels.
const SIDE_MAX: u32 = 20_000;
/// Most memory that a decoder may take, in bytes: its pixels at four bytes each.
const DECODER_BYTES_MAX: u64 = 4 * PIXELS_MAX;
/// Longest side of a small picture, in pixels: twice the width at which it is shown.
const THUMB_SIDE: u32 = 640;
/// Longest side of what a placeholder is made of.
const BLUR_SIDE: u32 = 100;
/// How faithful a small picture is, of 100.
const THUMB_QUALITY: u8 = 80;

/// What is known of a picture.
#[derive(Debug)]
pub struct Picture {
    /// Width and height, as it is shown.
    pub pixels: (u32, u32),
    /// The placeholder.
    pub blur: String,
    /// The small picture.
    pub thumb: Thumb,
    /// Its bytes.
    pub thumb_bytes: Bytes,
}

/// Why a picture cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum BadPicture {
    /// It is too large to be decoded.
    #[error(
        "the picture has {width} x {height} pixels, and may have {PIXELS_MAX} in all and {SIDE_MAX} a side"
    )]
    TooLarge {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// The decoder gave up.
    #[error("the picture cannot be decoded: {0}")]
    Undecodable(#[from] image::ImageError),
}

/// Looks at a picture that is to be turned so.
pub fn look_at(picture: &[u8], media_type: &str, turn: u8) -> Result<Picture, BadPicture> {
    let format = ImageFormat::from_mime_type(media_type).unwrap_or(ImageFormat::Jpeg);
    let mut reader = ImageReader::with_format(Cursor::new(picture), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    reader.limits(limits);
    let decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if width > SIDE_MAX || height > SIDE_MAX || u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(BadPicture::TooLarge { width, height });
    }
    let whole = DynamicImage::from_decoder(decoder)?;
    let mut small = match width.max(height) > THUMB_SIDE {
        true => whole.resize(THUMB_SIDE, THUMB_SIDE, FilterType::Triangle),
        false => whole,
    };
    if let Some(turn) = image::metadata::Orientation::from_exif(turn) {
        small.apply_orientation(turn);
    }
    let is_on_its_side = turn >= 5;
    let pixels = if is_on_its_side { (height, width) } else { (width, height) };
    let (thumb_bytes, media_type) = encode(&small)?;
    let thumb = Thumb {
        pixels: (small.width(), small.height()),
        media_type: media_type.to_owned(),
        size: thumb_bytes.len() as u64,
    };
    Ok(Picture { pixels, blur: blur(&small), thumb, thumb_bytes })
}

fn encode(small: &DynamicImage) -> Result<(Bytes, &'static str), BadPicture> {
    let mut bytes = Vec::new();
    let has_holes = small.color().has_alpha() && small.to_rgba8().pixels().any(|pixel| pixel.0[3] < 255);
    if has_holes {
        small.to_rgba8().write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?;
        return Ok((bytes.into(), "image/png"));
    }
    small.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, THUMB_QUALITY))?;
    Ok((bytes.into(), "image/jpeg"))
}

fn blur(small: &DynamicImage) -> String {
    let tiny = small.thumbnail(BLUR_SIDE, BLUR_SIDE).to_rgba8();
    let hash = thumbhash::rgba_to_thumb_hash(tiny.width() as usize, tiny.height() as usize, tiny.as_raw());
    STANDARD.encode(hash)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn bytes_of(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    #[test]
    fn a_picture_gets_a_small_one_that_is_turned() {
        let left_half_red =
            RgbImage::from_fn(2_000, 1_000, |x, _| Rgb(if x < 1_000 { [255, 0, 0] } else { [0, 0, 255] }));
        let bytes = bytes_of(&left_half_red.into(), ImageFormat::Jpeg);
        for (turn, pixels, thumb) in [(1, (2_000, 1_000), (640, 320)), (6, (1_000, 2_000), (320, 640))] {
            let picture = look_at(&bytes, "image/jpeg", turn).unwrap();
            assert_eq!((picture.pixels, picture.thumb.pixels), (pixels, thumb));
            let small = image::load_from_memory(&picture.thumb_bytes).unwrap().to_rgb8();
            assert_eq!((small.width(), small.height()), thumb);
            let corner = small.get_pixel(5, 5);
            assert!(corner.0[0] > 200 && corner.0[2] < 50, "red is left, or on top: {corner:?}");
            assert!((20..40).contains(&picture.blur.len()), "{}", picture.blur);
        }
    }

    #[test]
    fn what_one_sees_through_stays_so() {
        let glass = RgbaImage::from_pixel(30, 20, Rgba([0, 255, 0, 90]));
        for format in [ImageFormat::Png, ImageFormat::WebP] {
            let bytes = bytes_of(&glass.clone().into(), format);
            let picture = look_at(&bytes, format.to_mime_type(), 1).unwrap();
            assert_eq!((picture.pixels, picture.thumb.media_type.as_str()), ((30, 20), "image/png"));
        }
    }

    #[test]
    fn bombs_and_rubbish_are_refused() {
        // A header that announces far more pixels than there are bytes.
        let mut bomb = bytes_of(&RgbImage::new(1, 1).into(), ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10]);
        let crc = bomb[12..29].iter().fold(!0_u32, |crc, byte| {
            (0..8)
                .fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
        });
        bomb[29..33].copy_from_slice(&(!crc).to_be_bytes());
        assert!(matches!(
            look_at(&bomb, "image/png", 1),
            Err(BadPicture::TooLarge { width: 10_000, height: 10_000 })
        ));
        for (bytes, media_type) in
            [(&b"\xff\xd8\xff\xe0"[..], "image/jpeg"), (b"GIF89a", "image/gif"), (b"", "image/webp")]
        {
            assert!(look_at(bytes, media_type, 1).is_err(), "{media_type}");
        }
    }
}
