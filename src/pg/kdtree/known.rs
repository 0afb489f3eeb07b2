//! What a backend keeps of an open index from one statement to the next, in memory that Postgres
//! frees with it: where its pages were in the server's buffers, how many there are, and that its
//! description was read.

use crate::pg::kdtree::block_count;
use crate::pg::version;
use pgrx::pg_sys::{self, Relation};

/// The beginning of that memory; behind it are as many buffers as it has room for.
#[repr(C)]
struct Known {
    room: u32,
    /// So many blocks at least; an index in a file never has fewer again.
    blocks: u32,
    is_checked: bool,
}

/// Buffers of so many blocks are kept at most.
const MOST_ROOM: u32 = 1 << 22;

/// What is kept, made if there is nothing yet; null where memory is short. It is of the whole
/// memory: the buffers behind it are reached from it.
///
/// # Safety
/// The index is open.
unsafe fn known(index: Relation) -> *mut Known {
    const FLAGS: u32 = pg_sys::MCXT_ALLOC_NO_OOM | pg_sys::MCXT_ALLOC_ZERO;
    // SAFETY: as promised by the caller; nobody else keeps anything with an index of this
    // access method. Zeros are a Known, and an allocation is aligned for anything.
    unsafe {
        if (*index).rd_amcache.is_null() {
            let blocks = block_count(index);
            let room = blocks.min(MOST_ROOM);
            let bytes = size_of::<Known>() + room as usize * size_of::<pg_sys::Buffer>();
            let memory =
                pg_sys::MemoryContextAllocExtended((*index).rd_indexcxt, bytes, FLAGS as i32);
            if let Some(known) = memory.cast::<Known>().as_mut() {
                (known.room, known.blocks) = (room, blocks);
            }
            (*index).rd_amcache = memory;
        }
        (*index).rd_amcache.cast()
    }
}

/// Where the buffer of a block is noted, if it is one of those.
///
/// # Safety
/// The index is open, and what is given out is not used for longer than that.
unsafe fn place<'a>(index: Relation, block: u32) -> Option<&'a mut pg_sys::Buffer> {
    // SAFETY: as promised by the caller; there is so much room behind it.
    unsafe {
        let known = known(index);
        if known.is_null() || block >= (*known).room {
            return None;
        }
        known.add(1).cast::<pg_sys::Buffer>().add(block as usize).as_mut()
    }
}

/// A page, pinned, if it is still in the buffer where it was last time: found without a look
/// into the server's table of buffers.
///
/// # Safety
/// The index is open.
pub(super) unsafe fn recent_buffer(index: Relation, block: u32) -> Option<pg_sys::Buffer> {
    // SAFETY: as promised by the caller.
    unsafe {
        let buffer = *place(index, block)?;
        (buffer != 0 && version::is_in_buffer(index, block, buffer)).then_some(buffer)
    }
}

/// Whether it was noted in which buffer a page was.
///
/// # Safety
/// The index is open.
pub(super) unsafe fn has_noted(index: Relation, block: u32) -> bool {
    // SAFETY: as promised by the caller.
    unsafe { place(index, block).is_some_and(|buffer| *buffer != 0) }
}

/// Notes in which buffer a page is.
///
/// # Safety
/// The index is open.
pub(super) unsafe fn note_buffer(index: Relation, block: u32, buffer: pg_sys::Buffer) {
    // SAFETY: as promised by the caller.
    if let Some(place) = unsafe { place(index, block) } {
        *place = buffer;
    }
}

/// Whether the index has that block. The file is asked only for one that is new.
///
/// # Safety
/// The index is open.
pub(super) unsafe fn has_block(index: Relation, block: u32) -> bool {
    // SAFETY: as promised by the caller.
    unsafe {
        let Some(known) = known(index).as_mut() else { return block < block_count(index) };
        if block < known.blocks {
            return true;
        }
        known.blocks = block_count(index);
        let (blocks, is_checked) = (known.blocks, known.is_checked);
        // An index that has grown so much gets room for its new pages.
        if known.room < MOST_ROOM && known.room < blocks / 2 {
            pg_sys::pfree((*index).rd_amcache);
            (*index).rd_amcache = std::ptr::null_mut();
            if is_checked {
                note_checked(index);
            }
        }
        block < blocks
    }
}

/// Whether [`note_checked`] was called.
///
/// # Safety
/// The index is open.
pub(super) unsafe fn is_checked(index: Relation) -> bool {
    // SAFETY: as promised by the caller.
    unsafe { known(index).as_ref().is_some_and(|known| known.is_checked) }
}

/// Notes that the description was read, and is one that is known here.
///
/// # Safety
/// The index is open.
pub(super) unsafe fn note_checked(index: Relation) {
    // SAFETY: as promised by the caller.
    if let Some(known) = unsafe { known(index).as_mut() } {
        known.is_checked = true;
    }
}
