//! Pages of an index in the server's buffers: pinned, locked, changed with WAL, added.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::page::{
    FRONT, META_BLOCK, MOST_MARKS, Meta, NO_BLOCK, PAGE_SIZE, Page, Role,
};
use crate::pg::kdtree::known;
use crate::pg::version::BufferLock;
use crate::pg::{report, version};
use pgrx::pg_sys::{self, GenericXLogState, Relation};
use std::ptr;

const _: () = assert!(pg_sys::BLCKSZ as usize == PAGE_SIZE, "pages are of 8 kB");

const MAIN: pg_sys::ForkNumber::Type = pg_sys::ForkNumber::MAIN_FORKNUM;
const NEW_BLOCK: u32 = u32::MAX;

/// How a page is locked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    /// Others may read.
    Shared,
    /// Nobody else may.
    Exclusive,
    /// Nobody else may even have it in hand.
    Cleanup,
}

/// A page, pinned and locked as long as this lives.
pub(super) struct Held {
    buffer: pg_sys::Buffer,
}

impl Held {
    /// Reads and locks a page.
    ///
    /// # Safety
    /// The index is open, and no other lock is held that another backend would take after
    /// this one: from the root downwards, the description last.
    pub(super) unsafe fn read(index: Relation, block: u32, lock: Lock) -> Self {
        // SAFETY: as promised by the caller.
        unsafe {
            let buffer = pinned(index, block, ptr::null_mut());
            Self::locked(buffer, lock)
        }
    }

    /// The same with a strategy for reading many.
    ///
    /// # Safety
    /// As [`Held::read`].
    pub(super) unsafe fn read_by(
        index: Relation,
        block: u32,
        lock: Lock,
        strategy: pg_sys::BufferAccessStrategy,
    ) -> Self {
        // SAFETY: as promised by the caller.
        unsafe { Self::locked(pinned(index, block, strategy), lock) }
    }

    unsafe fn locked(buffer: pg_sys::Buffer, lock: Lock) -> Self {
        // SAFETY: the buffer is pinned.
        unsafe {
            match lock {
                Lock::Shared => version::lock_buffer(buffer, BufferLock::Shared),
                Lock::Exclusive => version::lock_buffer(buffer, BufferLock::Exclusive),
                Lock::Cleanup => pg_sys::LockBufferForCleanup(buffer),
            }
        }
        Held { buffer }
    }

    /// Unlocks it and locks it in another way: what it says may have changed.
    pub(super) fn relock(&mut self, lock: Lock) {
        // SAFETY: pinned and locked, as long as `self` lives.
        unsafe {
            version::unlock_buffer(self.buffer);
            std::mem::forget(Self::locked(self.buffer, lock));
        }
    }

    /// Locks a page that is in hand.
    pub(super) fn of_pin(pin: Pin, lock: Lock) -> Self {
        let buffer = pin.buffer;
        std::mem::forget(pin);
        // SAFETY: pinned.
        unsafe { Self::locked(buffer, lock) }
    }

    /// Its block.
    pub(super) fn block(&self) -> u32 {
        // SAFETY: the buffer is pinned.
        unsafe { pg_sys::BufferGetBlockNumber(self.buffer) }
    }

    /// What it says.
    pub(super) fn page(&self) -> &Page {
        // SAFETY: pinned and locked; a page is bytes.
        unsafe { &*pg_sys::BufferGetPage(self.buffer).cast::<Page>() }
    }

    /// Writes to a page of an index that nobody else sees, without WAL.
    pub(super) fn overwrite(&mut self, page: &Page) {
        // SAFETY: pinned and locked; a page is bytes.
        unsafe {
            ptr::copy_nonoverlapping(page, pg_sys::BufferGetPage(self.buffer).cast::<Page>(), 1);
            pg_sys::MarkBufferDirty(self.buffer);
        }
    }

    /// Changes marks, the only thing on a page that need not survive and is not logged.
    pub(super) fn hint(&mut self, change: impl FnOnce(&mut Page)) {
        // SAFETY: pinned and locked; a page is bytes. Others who hold the lock for reading
        // may do the same, as with all hints.
        unsafe {
            let page = pg_sys::BufferGetPage(self.buffer).cast::<Page>();
            version::set_hint(self.buffer, || change(&mut *page));
        }
    }

    /// Unlocks it, and keeps it in hand.
    pub(super) fn pin(self) -> Pin {
        let buffer = self.buffer;
        std::mem::forget(self);
        // SAFETY: pinned and locked.
        unsafe { version::unlock_buffer(buffer) };
        Pin { buffer }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // After an ERROR Postgres itself gives back locks and pins.
        if !std::thread::panicking() {
            // SAFETY: pinned and locked.
            unsafe { pg_sys::UnlockReleaseBuffer(self.buffer) }
        }
    }
}

/// A page in hand, not locked: VACUUM takes no row off it.
pub(super) struct Pin {
    buffer: pg_sys::Buffer,
}

impl Pin {
    /// Reads a page; whether it was in the buffer where it was last time.
    ///
    /// # Safety
    /// The index is open.
    pub(super) unsafe fn read(index: Relation, block: u32) -> (Self, bool) {
        // SAFETY: as promised by the caller.
        unsafe {
            if let Some(buffer) = known::recent_buffer(index, block) {
                return (Pin { buffer }, true);
            }
            let buffer = pinned(index, block, ptr::null_mut());
            known::note_buffer(index, block, buffer);
            (Pin { buffer }, false)
        }
    }

    /// Has the processor fetch the lines of the page that a search looks at in any case,
    /// all at once instead of one after the other.
    pub(super) fn fetch<K: Kind>(&self) {
        const LINE: usize = 64;
        // SAFETY: pinned, so that the page is there; nothing is read.
        let page = unsafe { pg_sys::BufferGetPage(self.buffer).cast::<u8>() };
        fetch_line(page, 0);
        fetch_line(page, PAGE_SIZE - 1);
        for at in (0..K::ROWS * K::FIRST_LOOK * K::WIDTH).step_by(LINE) {
            fetch_line(page, FRONT + at);
        }
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        // After an ERROR Postgres itself gives back pins.
        if !std::thread::panicking() {
            // SAFETY: pinned.
            unsafe { pg_sys::ReleaseBuffer(self.buffer) }
        }
    }
}

/// Has the processor fetch a line of memory.
fn fetch_line(page: *const u8, at: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which does no harm at any address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(page.wrapping_add(at).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (page, at);
}

/// A page that is there, pinned. That another page says it is may be a lie, of which Postgres'
/// own error says nothing to anybody but those who wrote it.
///
/// # Safety
/// The index is open.
unsafe fn pinned(
    index: Relation,
    block: u32,
    strategy: pg_sys::BufferAccessStrategy,
) -> pg_sys::Buffer {
    // SAFETY: as promised by the caller.
    unsafe {
        if !known::has_block(index, block) {
            let error = TreeError::Corrupt { block, what: "is beyond the end of the index" };
            report::broken_kdtree(index_name(index), &error).raise();
        }
        read(index, block, strategy)
    }
}

/// Has the system bring a page from disk, if it is in none of the server's buffers, and does not
/// wait for it.
///
/// # Safety
/// The index is open.
pub(super) unsafe fn ask_for(index: Relation, block: u32) {
    // SAFETY: as promised by the caller.
    unsafe {
        if known::has_block(index, block) {
            let found = pg_sys::PrefetchBuffer(index, MAIN, block);
            known::note_buffer(index, block, found.recent_buffer);
        }
    }
}

/// # Safety
/// The index is open, and has that block, or it is to be a new one.
unsafe fn read(
    index: Relation,
    block: u32,
    strategy: pg_sys::BufferAccessStrategy,
) -> pg_sys::Buffer {
    const NORMAL: pg_sys::ReadBufferMode::Type = pg_sys::ReadBufferMode::RBM_NORMAL;
    // SAFETY: as promised by the caller.
    unsafe { pg_sys::ReadBufferExtended(index, MAIN, block, NORMAL, strategy) }
}

/// A page at the end of the file, of zeros.
///
/// # Safety
/// The index is open.
pub(super) unsafe fn append(index: Relation) -> Held {
    const LOCK: i32 = pg_sys::ExclusiveLock as i32;
    // SAFETY: as promised by the caller. Nobody else looks at a page that is not there yet.
    unsafe {
        pg_sys::LockRelationForExtension(index, LOCK);
        let buffer = read(index, NEW_BLOCK, ptr::null_mut());
        let held = Held::locked(buffer, Lock::Exclusive);
        pg_sys::UnlockRelationForExtension(index, LOCK);
        held
    }
}

/// A page to write to: one that was deleted and that nobody can come to any more, or else a
/// new one.
///
/// # Safety
/// The index is open. Other pages may be locked.
pub(super) unsafe fn allocate(index: Relation, kind: u8) -> Held {
    // SAFETY: as promised by the caller. A page that somebody has locked is let be, so
    // that nobody waits here.
    unsafe {
        loop {
            let block = pg_sys::GetFreeIndexPage(index);
            if block == NO_BLOCK {
                return append(index);
            }
            // What the map of free space says need not be so: after a crash it is not looked after.
            if !known::has_block(index, block) {
                continue;
            }
            let buffer = read(index, block, ptr::null_mut());
            if pg_sys::ConditionalLockBuffer(buffer) {
                let held = Held { buffer };
                if is_free(index, held.page(), kind) {
                    return held;
                }
            } else {
                pg_sys::ReleaseBuffer(buffer);
            }
        }
    }
}

/// Whether a page may be used again.
///
/// # Safety
/// The index is open.
pub(super) unsafe fn is_free(_index: Relation, page: &Page, kind: u8) -> bool {
    if page.is_new() {
        return true;
    }
    let deleted = page.check(0, kind) == Ok(Role::Deleted);
    let transaction = pg_sys::FullTransactionId { value: page.deleted_by() };
    // SAFETY: no relation: of all rows that anybody may see.
    deleted && unsafe { pg_sys::GlobalVisCheckRemovableFullXid(ptr::null_mut(), transaction) }
}

const MOST_PAGES: usize = pg_sys::MAX_GENERIC_XLOG_PAGES as usize;

/// A change of a few pages that is there as a whole after a crash, or not at all.
pub(super) struct Change {
    state: *mut GenericXLogState,
    /// The pages that have rows, and how they are to be.
    marked: [Option<(pg_sys::Buffer, *const Page)>; MOST_PAGES],
}

/// A page's marks, and how many bytes they are.
type Marks = ([u8; MOST_MARKS], usize);

impl Change {
    /// Begins one.
    ///
    /// # Safety
    /// The index is open.
    pub(super) unsafe fn begin(index: Relation) -> Self {
        // SAFETY: as promised by the caller.
        Change { state: unsafe { pg_sys::GenericXLogStart(index) }, marked: [None; MOST_PAGES] }
    }

    /// A copy of a page, to be changed; it is the page when the change ends.
    pub(super) fn page<'a>(&mut self, held: &'a Held) -> &'a mut Page {
        self.register(held, 0)
    }

    /// The same, of a page that is written anew.
    pub(super) fn write(&mut self, held: &Held, page: &Page) {
        self.register(held, pg_sys::GENERIC_XLOG_FULL_IMAGE as i32).clone_from(page);
    }

    // What is given out is the copy in the change's own memory, not the page that is held.
    #[allow(clippy::mut_from_ref)]
    fn register<'a>(&mut self, held: &'a Held, flags: i32) -> &'a mut Page {
        // SAFETY: the copy lives until the change ends, in no longer than the lock on the
        // page is held; each page is registered once. A page is bytes.
        unsafe {
            let copy = pg_sys::GenericXLogRegisterBuffer(self.state, held.buffer, flags);
            let copy = copy.cast::<Page>();
            if let Some(free) = self.marked.iter_mut().find(|slot| slot.is_none()) {
                *free = Some((held.buffer, copy));
            }
            &mut *copy
        }
    }

    /// Ends the change: writes to the WAL and the pages. Marks are not logged, and generic WAL
    /// leaves zeros where they were, as it does when it is replayed: here they are put back.
    pub(super) fn finish(self) {
        // SAFETY: begun, and ended once: the copies are there until then. The pages are still
        // locked for writing, and to be written to disk: so no more need be said of a change.
        unsafe {
            let marks = self.marked.map(|slot| {
                slot.and_then(|(buffer, copy)| {
                    let marks = (*copy).marks();
                    let mut kept: Marks = ([0; MOST_MARKS], marks.len());
                    kept.0.get_mut(..marks.len())?.copy_from_slice(marks);
                    kept.0.iter().any(|&marks| marks != 0).then_some((buffer, kept))
                })
            });
            pg_sys::GenericXLogFinish(self.state);
            for (buffer, (kept, bytes)) in marks.into_iter().flatten() {
                let page = &mut *pg_sys::BufferGetPage(buffer).cast::<Page>();
                for (to, from) in page.marks_mut().iter_mut().zip(&kept[..bytes]) {
                    *to = *from;
                }
            }
        }
    }
}

/// The description of the index.
///
/// # Safety
/// The index is open.
pub(super) unsafe fn meta(index: Relation, lock: Lock, kind: u8) -> (Held, Meta) {
    // SAFETY: as promised by the caller; the description is locked last, except that
    // pages of rows without a value come after it.
    let held = unsafe { Held::read(index, META_BLOCK, lock) };
    match Meta::read(held.page(), kind) {
        Ok(meta) => (held, meta),
        Err(error) => report::no_kdtree(index_name(index), &error).raise(),
    }
}

/// Has the description checked, once for as long as the index stays open: before anybody reads
/// pages whose layout may be another version's.
///
/// # Safety
/// The index is open, and no page of it locked.
pub(super) unsafe fn check_layout(index: Relation, kind: u8) {
    // SAFETY: as promised by the caller.
    unsafe {
        if !known::is_checked(index) {
            meta(index, Lock::Shared, kind);
            known::note_checked(index);
        }
    }
}

/// The index' name, for errors.
pub(super) fn index_name(index: Relation) -> String {
    // SAFETY: an open relation has a name.
    unsafe { pgrx::name_data_to_str(&(*(*index).rd_rel).relname).to_owned() }
}
