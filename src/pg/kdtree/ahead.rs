//! Pages that a search will read next, brought near while it looks at another: from the server's
//! buffers to the processor, and from disk to memory.

use crate::index::kdtree::kind::Kind;
use crate::pg::kdtree::known;
use crate::pg::kdtree::pages::{Pin, ask_for};
use pgrx::pg_sys::{self, Relation};

/// So many are pinned.
const PINNED: usize = 2;
/// So many are asked for from disk at most, whatever `effective_io_concurrency` says.
const MOST_ASKED: usize = 64;

/// The pages that are likely to be read next.
#[derive(Default)]
pub(super) struct Ahead {
    /// On their way to the processor.
    pins: [Option<(u32, Pin)>; PINNED],
    /// Whether the page read last may have come from disk.
    is_cold: bool,
    disk: Option<Disk>,
}

/// What was asked for from disk.
struct Disk {
    /// So many pages at a time.
    depth: usize,
    /// The last blocks asked for, and where the next one is noted.
    asked: [u32; MOST_ASKED],
    next: usize,
}

impl Ahead {
    /// A page in hand: from these, if it is one of them.
    ///
    /// # Safety
    /// The index is open.
    pub(super) unsafe fn take(&mut self, index: Relation, block: u32) -> Pin {
        let mut pins = self.pins.iter_mut();
        match pins.find_map(|slot| slot.take_if(|(at, _)| *at == block)) {
            Some((_, pin)) => pin,
            // SAFETY: as promised by the caller.
            None => unsafe { self.read(index, block) },
        }
    }

    /// # Safety
    /// As above.
    unsafe fn read(&mut self, index: Relation, block: u32) -> Pin {
        // SAFETY: as promised by the caller.
        let (pin, was_known) = unsafe { Pin::read(index, block) };
        self.is_cold = !was_known;
        pin
    }

    /// Has these pages fetched, which are read next in this order, and lets go of others.
    ///
    /// # Safety
    /// As above.
    pub(super) unsafe fn fetch<K: Kind>(
        &mut self,
        index: Relation,
        coming: impl Iterator<Item = u32> + Clone,
    ) {
        if self.is_cold {
            // SAFETY: as promised by the caller.
            unsafe { self.ask(index, coming.clone()) };
        }
        let mut before = std::mem::take(&mut self.pins);
        let mut pins = <[Option<(u32, Pin)>; PINNED]>::default();
        for (slot, block) in pins.iter_mut().zip(coming) {
            let pinned = before.iter_mut().find_map(|slot| slot.take_if(|(at, _)| *at == block));
            *slot = pinned.or_else(|| {
                // SAFETY: as promised by the caller.
                let pin = unsafe { self.read(index, block) };
                pin.fetch::<K>();
                Some((block, pin))
            });
        }
        self.pins = pins;
    }

    /// Asks for those that are in none of the server's buffers.
    ///
    /// # Safety
    /// As above.
    unsafe fn ask(&mut self, index: Relation, coming: impl Iterator<Item = u32>) {
        // SAFETY: as promised by the caller.
        unsafe {
            let Disk { depth, asked, next } = self.disk.get_or_insert_with(|| {
                let depth = pg_sys::get_tablespace_io_concurrency((*(*index).rd_rel).reltablespace);
                let depth = usize::try_from(depth).unwrap_or(0).min(MOST_ASKED);
                Disk { depth, asked: [u32::MAX; MOST_ASKED], next: 0 }
            });
            for block in coming.take(*depth) {
                if !known::has_noted(index, block) && !asked.contains(&block) {
                    ask_for(index, block);
                    asked[*next % MOST_ASKED] = block;
                    *next += 1;
                }
            }
        }
    }

    /// Lets go of all.
    pub(super) fn release(&mut self) {
        self.pins = Default::default();
    }
}
