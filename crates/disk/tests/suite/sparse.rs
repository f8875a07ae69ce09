//! Images as a few bytes: what is not zero, where it lies, and how long the whole is. The fuzzer's seeds
//! are written so, and the fuzzer reads what it makes of them so.

/// Longest image that is made of a text: a VHDX of QEMU's with the least log is as long.
const LENGTH_BYTES_MAX: usize = 4 << 20;

/// Offset in 4 bytes and length in 2, little-endian, before the bytes of each run.
const HEADER_BYTES: usize = 6;

/// The image that a text means: runs, whatever lies between them zeros; a run of no bytes only makes it
/// longer. What lies too far is left out.
pub fn image_of(text: &[u8]) -> Vec<u8> {
    let mut image = Vec::new();
    let mut rest = text;
    while let Some((&[a, b, c, d, low, high], tail)) = rest.split_first_chunk::<HEADER_BYTES>() {
        let start = u32::from_le_bytes([a, b, c, d]) as usize;
        let start = start.min(LENGTH_BYTES_MAX);
        let wanted = usize::from(u16::from_le_bytes([low, high]));
        let length = wanted.min(tail.len()).min(LENGTH_BYTES_MAX - start);
        let (run, tail) = tail.split_at(length);
        if image.len() < start + run.len() {
            image.resize(start + run.len(), 0);
        }
        image[start..start + run.len()].copy_from_slice(run);
        rest = tail;
    }
    image
}

/// A text that means the image; of its bytes at most `most` that are not zeros, the first ones.
#[cfg(test)]
pub fn text_of(image: &[u8], most: usize) -> Vec<u8> {
    const BLOCK_BYTES: usize = 32;
    let mut text = Vec::new();
    let mut put = |at: usize, run: &[u8]| {
        text.extend_from_slice(&u32::try_from(at).expect("a small image").to_le_bytes());
        text.extend_from_slice(&u16::try_from(run.len()).expect("a short run").to_le_bytes());
        text.extend_from_slice(run);
    };
    let blocks = image.chunks(BLOCK_BYTES).enumerate();
    let told = blocks.filter(|(_, block)| block.iter().any(|byte| *byte != 0));
    for (index, block) in told.take(most / BLOCK_BYTES) {
        put(index * BLOCK_BYTES, block);
    }
    put(image.len(), &[]);
    text
}
