//! An allocator that overwrites what it frees. The gateway uses it for all of its memory: prompts, answers and credentials pass through
//! buffers of HTTP libraries, which free them as they are.
//!
//! This crate exists because an allocator needs `unsafe`, which is forbidden everywhere else.

use std::alloc::{GlobalAlloc, Layout};

/// The allocator `A`, but that each piece of memory is zero before `A` gets it back. A piece that grows moves, and what it leaves is
/// overwritten too.
pub struct Zeroing<A>(pub A);

#[allow(unsafe_code, reason = "the trait is unsafe")]
// SAFETY: every call goes to `A` with the arguments as they came. `realloc` is the trait's own, made of the others.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Zeroing<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the one that `A` asks for.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the one that `A` asks for.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller gives back a piece of this layout, which nobody uses any more. A plain write would be left out by the
        // compiler, since nobody reads the memory before it is freed.
        unsafe {
            libc::explicit_bzero(pointer.cast(), layout.size());
            self.0.dealloc(pointer, layout);
        }
    }
}

#[cfg(test)]
#[allow(
    unsafe_code,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "the allocator's own interface, and failing tests"
)]
mod tests {
    use std::alloc::System;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts what it gets back.
    #[derive(Default)]
    struct Inspector {
        pieces: AtomicUsize,
        dirty: AtomicUsize,
    }

    // SAFETY: the system's allocator, which is asked to do exactly what was asked for.
    unsafe impl GlobalAlloc for Inspector {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: as the caller promised.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            // SAFETY: the piece has this size and is initialised: the tests fill it.
            let bytes = unsafe { std::slice::from_raw_parts(pointer, layout.size()) };
            self.pieces.fetch_add(1, Ordering::Relaxed);
            self.dirty.fetch_add(bytes.iter().filter(|byte| **byte != 0).count(), Ordering::Relaxed);
            // SAFETY: as the caller promised.
            unsafe { System.dealloc(pointer, layout) };
        }
    }

    #[test]
    fn what_is_freed_is_zero_also_where_a_piece_has_grown_or_shrunk() {
        for size in [1, 24, 4096, 1 << 20] {
            let allocator = Zeroing(Inspector::default());
            let Ok(layout) = Layout::from_size_align(size, 8) else { panic!("a layout") };
            // SAFETY: each piece is used within its size, and given back once with its own layout.
            unsafe {
                let pointer = allocator.alloc(layout);
                pointer.write_bytes(0xa5, size);
                let larger = allocator.realloc(pointer, layout, 2 * size);
                larger.write_bytes(0xa5, 2 * size);
                let Ok(layout) = Layout::from_size_align(2 * size, 8) else { panic!("a layout") };
                let smaller = allocator.realloc(larger, layout, size);
                let Ok(layout) = Layout::from_size_align(size, 8) else { panic!("a layout") };
                allocator.dealloc(smaller, layout);
            }
            assert_eq!(allocator.0.pieces.load(Ordering::Relaxed), 3, "{size}");
            assert_eq!(allocator.0.dirty.load(Ordering::Relaxed), 0, "{size}");
        }
    }
}
