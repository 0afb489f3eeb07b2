//! Builds: rows come in by a scan of the table, and go out as pages from the leaves up.
//!
//! As many rows as `maintenance_work_mem` holds are cut to cells where they lie. Of more, the
//! first tell how the rest is parted: each part goes to a temporary file of its own, and is
//! built by itself, or parted again. Pages are written without WAL, and logged
//! as a whole at the end.

use crate::index::kdtree::build::{HeapPage, Packer, Parts, Row, Store, heap_page};
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::leaf::{self, Pointer};
use crate::index::kdtree::page::{META_BLOCK, Meta, NO_BLOCK, Page, ROOT_BLOCK, Role};
use crate::pg::kdtree::options::fill_factor;
use crate::pg::kdtree::pages::{Held, Lock, append, index_name};
use crate::pg::kdtree::rows::{self, Rows};
use crate::pg::kdtree::{block_count, of_kind};
use crate::pg::version::BufferLock;
use crate::pg::{report, version};
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::pg_sys::{
    self, BufFile, Datum, IndexBuildResult, IndexInfo, ItemPointer, MemoryContext, Relation,
};
use pgrx::{check_for_interrupts, pg_guard};
use std::collections::TryReserveError;
use std::ffi::{c_char, c_void};
use std::ptr;

/// Phases that `pg_stat_progress_create_index` shows; the first is Postgres' own.
const READING: i64 = pg_sys::PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE as i64 + 1;
const WRITING: i64 = READING + 1;

/// `ambuildphasename`.
#[pg_guard]
pub(super) unsafe extern "C-unwind" fn phase_name(phase: i64) -> *mut c_char {
    let name = match phase {
        _ if phase == READING - 1 => c"initializing",
        READING => c"reading the table",
        WRITING => c"cutting and writing pages",
        _ => return ptr::null_mut(),
    };
    name.as_ptr().cast_mut()
}

/// `ambuild`.
#[pg_guard]
pub(super) unsafe extern "C-unwind" fn build(
    heap: Relation,
    index: Relation,
    info: *mut IndexInfo,
) -> *mut IndexBuildResult {
    // SAFETY: Postgres' own arguments; palloc gives room for the result.
    unsafe {
        if block_count(index) != 0 {
            report::index_has_data(&index_name(index)).raise();
        }
        let (heap_tuples, index_tuples) = of_kind!(index, build_of(heap, index, info));
        let result = pg_sys::palloc(size_of::<IndexBuildResult>()).cast::<IndexBuildResult>();
        result.write(IndexBuildResult { heap_tuples, index_tuples });
        result
    }
}

/// `ambuildempty`: what an unlogged index is after a crash.
#[pg_guard]
pub(super) unsafe extern "C-unwind" fn build_empty(index: Relation) {
    // SAFETY: an open index.
    unsafe {
        let kind = super::kind(index);
        for page in [Meta::page(kind), Page::new(kind, Role::Node, 0)] {
            let init = pg_sys::ForkNumber::INIT_FORKNUM;
            let normal = pg_sys::ReadBufferMode::RBM_NORMAL;
            let buffer = pg_sys::ReadBufferExtended(index, init, NO_BLOCK, normal, ptr::null_mut());
            version::lock_buffer(buffer, BufferLock::Exclusive);
            pg_sys::CritSectionCount += 1;
            ptr::copy_nonoverlapping(&page, pg_sys::BufferGetPage(buffer).cast::<Page>(), 1);
            pg_sys::MarkBufferDirty(buffer);
            pg_sys::log_newpage_buffer(buffer, true);
            pg_sys::CritSectionCount -= 1;
            pg_sys::UnlockReleaseBuffer(buffer);
        }
    }
}

fn with_memory<T>(result: Result<T, TryReserveError>) -> T {
    result.unwrap_or_else(|_| report::no_memory_to_build())
}

/// Where pages go: to the end of the index.
struct Pages {
    index: Relation,
    written: i64,
}

impl Store for Pages {
    fn append(&mut self, page: &Page) -> u32 {
        // SAFETY: the index is open, and nobody else sees it.
        let mut held = unsafe { append(self.index) };
        held.overwrite(page);
        held.block()
    }

    fn root(&mut self, page: &Page) {
        // SAFETY: as above.
        unsafe { Held::read(self.index, ROOT_BLOCK, Lock::Exclusive) }.overwrite(page);
    }

    fn proceed(&mut self, rows: usize) {
        check_for_interrupts!();
        self.written += rows as i64;
        progress(pg_sys::PROGRESS_CREATEIDX_TUPLES_DONE, self.written);
    }
}

fn progress(parameter: u32, value: i64) {
    // SAFETY: one of the parameters of the running command.
    unsafe { pg_sys::pgstat_progress_update_param(parameter as i32, value) }
}

/// # Safety
/// Called by [`build`], with its arguments.
unsafe fn build_of<K: Rows>(heap: Relation, index: Relation, info: *mut IndexInfo) -> (f64, f64) {
    // SAFETY: as promised by the caller.
    unsafe {
        let mut description = append(index);
        description.overwrite(&Meta::page(K::NUMBER));
        drop(description);
        let root = with_memory(heap_page(K::NUMBER, Role::Node, 0));
        append(index).overwrite(&root[0]);

        progress(pg_sys::PROGRESS_CREATEIDX_SUBPHASE, READING);
        let packer = Packer::<K, Pages>::new(Pages { index, written: 0 }, fill_factor(index));
        let mut incoming = Incoming {
            packer,
            rows: Gathered::new(most_rows::<K>(), pg_sys::CurrentMemoryContext),
            nulls: Nulls { last: None, meta: None },
            count: 0,
        };
        let heap_tuples = scan(heap, index, info, &mut incoming);

        progress(pg_sys::PROGRESS_CREATEIDX_SUBPHASE, WRITING);
        progress(pg_sys::PROGRESS_CREATEIDX_TUPLES_TOTAL, incoming.count as i64);
        let Incoming { mut packer, mut rows, nulls, count } = incoming;
        rows.pack(&mut packer);
        with_memory(packer.finish());
        nulls.finish::<K>(index);

        if version::needs_wal(index) {
            let main = pg_sys::ForkNumber::MAIN_FORKNUM;
            pg_sys::log_newpage_range(index, main, META_BLOCK, block_count(index), true);
        }
        (heap_tuples, count as f64)
    }
}

/// How many rows `maintenance_work_mem` holds, and the keys to cut them by.
fn most_rows<K: Kind>() -> usize {
    const LEAST: usize = 4096;
    // SAFETY: a plain int that only this backend's own settings code changes.
    let bytes = unsafe { pg_sys::maintenance_work_mem }.max(1) as usize * 1024;
    (bytes / (size_of::<Row<K>>() + 8)).max(LEAST)
}

/// What a scan of the table brings.
struct Incoming<K: Rows> {
    packer: Packer<K, Pages>,
    rows: Gathered<K>,
    nulls: Nulls,
    count: usize,
}

/// # Safety
/// As [`build_of`].
unsafe fn scan<K: Rows>(
    heap: Relation,
    index: Relation,
    info: *mut IndexInfo,
    incoming: &mut Incoming<K>,
) -> f64 {
    // SAFETY: as promised by the caller. An ERROR on the way is caught here, so that what
    // has been gathered is given back.
    unsafe {
        let Some(range_scan) = (*(*heap).rd_tableam).index_build_range_scan else { return 0.0 };
        let state = ptr::from_mut(incoming).cast::<c_void>();
        let callback: pg_sys::IndexBuildCallback = Some(take_row::<K>);
        pg_guard_ffi_boundary(|| {
            range_scan(
                heap,
                index,
                info,
                true,
                false,
                true,
                0,
                NO_BLOCK,
                callback,
                state,
                ptr::null_mut(),
            )
        })
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn take_row<K: Rows>(
    index: Relation,
    at: ItemPointer,
    values: *mut Datum,
    is_null: *mut bool,
    _alive: bool,
    state: *mut c_void,
) {
    // SAFETY: a row of one column, and the state that the scan was given.
    unsafe {
        let incoming = &mut *state.cast::<Incoming<K>>();
        let pointer = rows::pointer(&*at);
        incoming.count += 1;
        if *is_null {
            incoming.nulls.push::<K>(index, pointer);
        } else {
            let row = Row::new(&K::of_datum(*values), pointer);
            incoming.rows.push(row, &mut incoming.packer);
        }
    }
}

/// The chain of pages of rows without a value.
struct Nulls {
    last: Option<HeapPage>,
    meta: Option<u32>,
}

impl Nulls {
    fn push<K: Kind>(&mut self, index: Relation, pointer: Pointer) {
        let fresh = || with_memory(heap_page(K::NUMBER, Role::Nulls, 0));
        let page = self.last.get_or_insert_with(fresh);
        if !leaf::push::<K>(&mut page[0], None, pointer) {
            let full = std::mem::replace(page, fresh());
            leaf::push::<K>(&mut page[0], None, pointer);
            self.write(index, full);
        }
    }

    fn write(&mut self, index: Relation, mut page: HeapPage) {
        page[0].set_right(self.meta.unwrap_or(NO_BLOCK));
        // SAFETY: the index is open, and nobody else sees it.
        let mut held = unsafe { append(index) };
        held.overwrite(&page[0]);
        self.meta = Some(held.block());
    }

    fn finish<K: Kind>(mut self, index: Relation) {
        let Some(mut page) = self.last.take() else { return };
        super::nulls::set_open(&mut page[0], true, NO_BLOCK);
        self.write(index, page);
        let Some(block) = self.meta else { return };
        let mut description = Meta::page(K::NUMBER);
        Meta { splits: 0, nulls: block, open_nulls: block }.write(&mut description);
        // SAFETY: as above.
        unsafe { Held::read(index, META_BLOCK, Lock::Exclusive) }.overwrite(&description);
    }
}

/// Parts are two to the power of this: as many temporary files are open at once.
const DEPTH: u32 = 6;
/// Parts of parts of parts; then rows are packed as they come.
const MOST_PARTINGS: usize = 4;

/// Rows, as long as there is memory for them; then in files.
struct Gathered<K: Rows> {
    rows: Vec<Row<K>>,
    most: usize,
    parts: Option<(Parts, Vec<File<K>>)>,
    /// How often rows were parted before they came here.
    partings: usize,
    context: MemoryContext,
}

impl<K: Rows> Gathered<K> {
    fn new(most: usize, context: MemoryContext) -> Self {
        Gathered { rows: Vec::new(), most, parts: None, partings: 0, context }
    }

    fn push(&mut self, row: Row<K>, packer: &mut Packer<K, Pages>) {
        if let Some((parts, files)) = self.parts.as_mut() {
            if let Some(file) = files.get_mut(parts.part(&row)) {
                file.write(&row);
            }
            return;
        }
        if self.rows.len() == self.rows.capacity() {
            let more = self.rows.len().clamp(1024, self.most).min(self.most - self.rows.len());
            with_memory(self.rows.try_reserve_exact(more.max(1)));
        }
        self.rows.push(row);
        if self.rows.len() >= self.most {
            self.part(packer);
        }
    }

    /// Memory is full.
    fn part(&mut self, packer: &mut Packer<K, Pages>) {
        let parts = with_memory(Parts::of(&mut self.rows, DEPTH));
        if parts.count < 2 || self.partings >= MOST_PARTINGS {
            with_memory(packer.pack(&mut self.rows));
            self.rows.clear();
            return;
        }
        let mut files = Vec::new();
        with_memory(files.try_reserve_exact(parts.count));
        files.extend((0..parts.count).map(|_| File::new(self.context)));
        for row in &self.rows {
            if let Some(file) = files.get_mut(parts.part(row)) {
                file.write(row);
            }
        }
        self.rows.clear();
        self.parts = Some((parts, files));
    }

    /// Packs all rows into pages.
    fn pack(&mut self, packer: &mut Packer<K, Pages>) {
        let Some((_, files)) = self.parts.take() else {
            with_memory(packer.pack(&mut self.rows));
            self.rows.clear();
            return;
        };
        for mut file in files {
            // The memory is handed on, and comes back.
            let mut part = Gathered {
                rows: std::mem::take(&mut self.rows),
                most: self.most,
                parts: None,
                partings: self.partings + 1,
                context: self.context,
            };
            file.rewind();
            while let Some(row) = file.read() {
                part.push(row, packer);
            }
            file.close();
            part.pack(packer);
            self.rows = part.rows;
        }
    }
}

/// A temporary file of rows. Postgres removes it with the transaction, if not before.
struct File<K: Rows> {
    file: *mut BufFile,
    rows: u64,
    record: [u8; 256],
    kind: std::marker::PhantomData<K>,
}

impl<K: Rows> File<K> {
    const BYTES: usize = K::AXES * K::WIDTH + 6;

    fn new(context: MemoryContext) -> Self {
        // SAFETY: the file's own memory is to live as long as the build.
        unsafe {
            let before = pg_sys::MemoryContextSwitchTo(context);
            let file = pg_sys::BufFileCreateTemp(false);
            pg_sys::MemoryContextSwitchTo(before);
            File { file, rows: 0, record: [0; 256], kind: std::marker::PhantomData }
        }
    }

    fn write(&mut self, row: &Row<K>) {
        let (numbers, pointer) = self.record.split_at_mut(K::AXES * K::WIDTH);
        let value = row.value();
        for (axis, number) in numbers.chunks_exact_mut(K::WIDTH).enumerate() {
            number.copy_from_slice(&K::number(&value, axis)[..K::WIDTH]);
        }
        pointer[..6].copy_from_slice(&row.pointer().0.to_ne_bytes()[..6]);
        self.rows += 1;
        // SAFETY: an open file, and so many bytes.
        unsafe { pg_sys::BufFileWrite(self.file, self.record.as_mut_ptr().cast(), Self::BYTES) }
    }

    fn rewind(&mut self) {
        // SAFETY: an open file.
        if unsafe { pg_sys::BufFileSeek(self.file, 0, 0, 0) } != 0 {
            report::temporary_file().raise();
        }
    }

    fn read(&mut self) -> Option<Row<K>> {
        self.rows = self.rows.checked_sub(1)?;
        // SAFETY: an open file, and room for so many bytes.
        let read =
            unsafe { pg_sys::BufFileRead(self.file, self.record.as_mut_ptr().cast(), Self::BYTES) };
        if read != Self::BYTES {
            report::temporary_file().raise();
        }
        let (numbers, pointer) = self.record.split_at(K::AXES * K::WIDTH);
        let value = K::value(|axis| {
            let mut number = [0; 4];
            let at = axis * K::WIDTH;
            number[..K::WIDTH].copy_from_slice(&numbers[at..at + K::WIDTH]);
            number
        });
        let mut bytes = [0; 8];
        bytes[..6].copy_from_slice(&pointer[..6]);
        Some(Row::new(&value, Pointer(u64::from_ne_bytes(bytes))))
    }

    fn close(self) {
        // SAFETY: an open file, closed once.
        unsafe { pg_sys::BufFileClose(self.file) }
    }
}
