//! A PNG encoder whose bytes depend on the pixels alone: one filter, one pure-Rust deflate, no time stamp.

/// RGB pixels, row-major from the top left, as a PNG; `per_metre` is the resolution that it states.
pub(crate) fn encode(width: usize, height: usize, rgb: &[u8], per_metre: Option<u32>) -> Vec<u8> {
    let mut rows = Vec::with_capacity(rgb.len() + height);
    for row in rgb.chunks(3 * width.max(1)) {
        // Filter 0 (none): figures are flat, and deflate finds their repetitions itself.
        rows.push(0);
        rows.extend_from_slice(row);
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend((width as u32).to_be_bytes());
    header.extend((height as u32).to_be_bytes());
    header.extend([8, 2, 0, 0, 0]); // 8 bits, RGB, deflate, adaptive filters, not interlaced
    chunk(&mut png, b"IHDR", &header);
    if let Some(density) = per_metre {
        let mut physical = [density.to_be_bytes(), density.to_be_bytes()].concat();
        physical.push(1);
        chunk(&mut png, b"pHYs", &physical);
    }
    chunk(
        &mut png,
        b"IDAT",
        &miniz_oxide::deflate::compress_to_vec_zlib(&rows, 7),
    );
    chunk(&mut png, b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    png.extend((data.len() as u32).to_be_bytes());
    let start = png.len();
    png.extend(kind);
    png.extend(data);
    let check = crc32(&png[start..]);
    png.extend(check.to_be_bytes());
}

/// The CRC of the PNG specification, annex D.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut n = 0;
        while n < 256 {
            let mut c = n as u32;
            let mut k = 0;
            while k < 8 {
                c = if c & 1 == 1 {
                    0xedb8_8320 ^ (c >> 1)
                } else {
                    c >> 1
                };
                k += 1;
            }
            table[n] = c;
            n += 1;
        }
        table
    };
    !bytes.iter().fold(!0u32, |c, b| {
        TABLE[((c ^ u32::from(*b)) & 255) as usize] ^ (c >> 8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_known_answer() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn the_file_holds_the_pixels() {
        let pixels = [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9];
        let png = encode(2, 2, &pixels, Some(5669));
        let at = png.windows(4).position(|w| w == b"IDAT").unwrap();
        let length = u32::from_be_bytes(png[at - 4..at].try_into().unwrap()) as usize;
        let rows =
            miniz_oxide::inflate::decompress_to_vec_zlib(&png[at + 4..at + 4 + length]).unwrap();
        assert_eq!(rows, [0, 255, 0, 0, 0, 255, 0, 0, 0, 0, 255, 9, 9, 9]);
        assert!(png.ends_with(b"IEND\xae\x42\x60\x82"));
    }
}
