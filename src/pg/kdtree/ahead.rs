//! Pages that a search will read next, brought near while it looks at another.

use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::search::AHEAD;
use crate::pg::kdtree::pages::Pin;
use pgrx::pg_sys::Relation;

/// The pages that are likely to be read next, on their way to the processor.
#[derive(Default)]
pub(super) struct Ahead {
    pins: [Option<(u32, Pin)>; AHEAD],
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
            None => unsafe { Pin::read(index, block) },
        }
    }

    /// Has these pages fetched, and lets go of others.
    ///
    /// # Safety
    /// As above.
    pub(super) unsafe fn fetch<K: Kind>(&mut self, index: Relation, blocks: [Option<u32>; AHEAD]) {
        let mut before = std::mem::take(&mut self.pins);
        for (slot, block) in self.pins.iter_mut().zip(blocks) {
            let Some(block) = block else { continue };
            let known = before.iter_mut().find_map(|slot| slot.take_if(|(at, _)| *at == block));
            *slot = known.or_else(|| {
                // SAFETY: as promised by the caller.
                let pin = unsafe { Pin::read(index, block) };
                pin.fetch::<K>();
                Some((block, pin))
            });
        }
    }
}
