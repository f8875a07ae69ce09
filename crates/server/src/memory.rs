#![expect(
    unsafe_code,
    reason = "what the C library's allocator is told has no safe form in the standard library"
)]
//! How the process gives memory back.
//!
//! glibc raises the size from which it maps memory, and gives it back when it is freed, to the largest
//! piece freed so far. After the first sign-in, whose hash takes 19 MiB, the buffers of transfers
//! would come out of its arenas and stay there: some 70 MB with many uploads.

/// Pieces from this size on are mapped: the buffers of transfers and the memory of password hashes, but
/// not what a connection reads at a time, which comes and goes too often for that.
#[cfg(target_env = "gnu")]
const MAPPED_BYTES: libc::c_int = 512 * 1024;

/// Has large pieces of memory mapped one by one, so that the system has them back when they are freed.
/// For the start of a process; of no effect with another C library.
pub fn map_large_pieces() {
    #[cfg(target_env = "gnu")]
    // SAFETY: the call changes a number that the allocator reads, and may be made at any time.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_BYTES);
    }
}

#[cfg(all(test, target_env = "gnu"))]
mod tests {
    use super::*;

    /// Bytes that the allocator has mapped one by one, for other tests as well.
    fn mapped_bytes() -> usize {
        // SAFETY: the call has no conditions.
        unsafe { libc::mallinfo2() }.hblkhd
    }

    #[test]
    fn large_pieces_are_mapped_also_after_larger_ones_were_freed() {
        map_large_pieces();
        drop(std::hint::black_box(vec![1u8; 20 << 20]));
        let piece = std::hint::black_box(vec![1u8; 16 << 20]);
        assert!(mapped_bytes() >= piece.len());
    }
}
