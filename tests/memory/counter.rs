//! An allocator that counts, thread by thread, what is allocated, tells what was
//! only asked for from what was used, and can be told to give out no more.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts, and hands on to the system's allocator.
pub struct Counter;

/// A block of this size that is given back at once was not to be used.
const FORESIGHT: usize = 2 << 20;

/// What a thread has seen.
#[derive(Clone, Copy)]
struct Counts {
    now: usize,
    /// The most there was at once, and the most that was asked for.
    used: usize,
    asked: usize,
    /// Up to where memory was last asked for and given back unused, and by how
    /// much it was exceeded since.
    foreseen: usize,
    exceeded: usize,
    /// The last block, if nothing happened since, and `used` and `exceeded`
    /// before it.
    last: (usize, usize, usize),
    most: usize,
}

thread_local! {
    static COUNTS: Cell<Counts> = const {
        Cell::new(Counts {
            now: 1 << 40,
            used: 0,
            asked: 0,
            foreseen: 0,
            exceeded: 0,
            last: (0, 0, 0),
            most: usize::MAX,
        })
    };
}

/// Counts a block, if it may be given out.
fn take(size: usize, block: impl FnOnce() -> *mut u8) -> *mut u8 {
    let mut counts = COUNTS.get();
    // Many blocks of other threads may be freed here: the count starts high.
    let now = counts.now + size;
    if now > counts.most {
        return std::ptr::null_mut();
    }
    let block = block();
    if !block.is_null() {
        counts.last = (block.addr(), counts.used, counts.exceeded);
        counts.now = now;
        counts.used = counts.used.max(now);
        counts.asked = counts.asked.max(now);
        counts.exceeded = counts.exceeded.max(now.saturating_sub(counts.foreseen));
        COUNTS.set(counts);
    }
    block
}

fn give_back(block: *mut u8, size: usize) {
    let mut counts = COUNTS.get();
    let (last, used, exceeded) = counts.last;
    if block.addr() == last && size >= FORESIGHT {
        (counts.foreseen, counts.used, counts.exceeded) = (counts.now, used, exceeded);
    }
    counts.last = (0, 0, 0);
    counts.now -= size;
    COUNTS.set(counts);
}

// SAFETY: every call is the system allocator's, with the caller's own promises;
// counting allocates nothing and does not unwind.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        take(layout.size(), || unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        take(layout.size(), || unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        give_back(block, layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The old block and the new one are both there while it is copied.
        // SAFETY: as the caller promises.
        let new = take(size, || unsafe { System.realloc(block, layout, size) });
        if !new.is_null() {
            let mut counts = COUNTS.get();
            counts.now -= layout.size();
            counts.last = (0, 0, 0);
            COUNTS.set(counts);
        }
        new
    }
}

/// Bytes above what this thread held before.
#[derive(Clone, Copy, Debug)]
pub struct Peak {
    /// Held at once.
    pub used: usize,
    /// Held, or asked for and given back unused.
    pub asked: usize,
    /// Held above what was last asked for and given back unused.
    pub exceeded: usize,
}

/// Runs `work`, with at most `most` bytes to allocate.
pub fn peak_of<T>(most: usize, work: impl FnOnce() -> T) -> (T, Peak) {
    let before = COUNTS.get().now;
    COUNTS.set(Counts {
        now: before,
        used: before,
        asked: before,
        foreseen: before,
        exceeded: 0,
        last: (0, 0, 0),
        most: before.saturating_add(most),
    });
    let result = work();
    let counts = COUNTS.get();
    COUNTS.set(Counts { most: usize::MAX, ..counts });
    let peak = Peak {
        used: counts.used - before,
        asked: counts.asked - before,
        exceeded: counts.exceeded,
    };
    (result, peak)
}
