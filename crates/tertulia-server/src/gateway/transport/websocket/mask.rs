//! Taking off the client's mask.

/// Bytes handled at once; the compiler turns the loop over them into vector instructions.
const STRIDE_BYTES: usize = 8;

/// Takes `mask` off `payload`, whose first byte is the frame's byte number `offset`.
pub(super) fn unmask(payload: &mut [u8], mask: [u8; 4], offset: u64) {
    let mut key = mask;
    key.rotate_left((offset % 4) as usize);
    let wide = u64::from_ne_bytes([key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3]]);
    let (strides, rest) = payload.as_chunks_mut::<STRIDE_BYTES>();
    for stride in strides {
        *stride = (u64::from_ne_bytes(*stride) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_length_and_offset_agrees_with_byte_by_byte() {
        let mask = [0x11, 0x22, 0x44, 0x88];
        for length in 0..40usize {
            for offset in 0..9u64 {
                let plain: Vec<u8> = (0..length as u8).collect();
                let mut wide = plain.clone();
                unmask(&mut wide, mask, offset);
                let one_by_one: Vec<u8> = plain
                    .iter()
                    .enumerate()
                    .map(|(i, byte)| byte ^ mask[(i + offset as usize) % 4])
                    .collect();
                assert_eq!(wide, one_by_one, "length {length}, offset {offset}");
            }
        }
    }
}
