//! Background workers that go through some parts of an index for `kdtree_pairs`, beside the backend
//! that was asked.
//!
//! They read pages of the index, and no row: pairs come to the backend by a queue each, and it
//! asks the table which of them its statement sees. A worker that can't begin, for want of a
//! process or a lock, leaves its parts to the others, so nobody has to wait for one.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::leaf::Pointer;
use crate::index::kdtree::page::{PAGE_SIZE, Page};
use crate::index::kdtree::pairs::{FULL, Pair, Pairs};
use crate::index::kdtree::parts::Parts;
use crate::pg::kdtree::ahead::Ahead;
use crate::pg::kdtree::pages::{Held, Lock, index_name};
use crate::pg::kdtree::rows::Rows;
use crate::pg::kdtree::{loops, of_kind};
use crate::pg::{report, version};
use pgrx::pg_sys::panic::CaughtError;
use pgrx::pg_sys::shm_mq_result::{SHM_MQ_SUCCESS, SHM_MQ_WOULD_BLOCK};
use pgrx::pg_sys::{self, Datum, Oid, PgTryBuilder, Relation};
use pgrx::{PgSqlErrorCode, check_for_interrupts, pg_guard};
use std::ffi::{CStr, c_char};
use std::panic::AssertUnwindSafe;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

/// Most workers of a walk.
const MOST: usize = 32;
/// Bytes of pairs that wait to be taken from a worker.
const QUEUE: usize = 1 << 17;
/// Pairs of a message, or a few more.
const AT_ONCE: usize = 1024;

const ACCESS: i32 = pg_sys::AccessShareLock as i32;

/// At the beginning of the memory that all who walk share. Behind it are the pages that parts are
/// boxes of, and then a queue for each worker.
#[repr(C)]
struct Share {
    /// The next part that nobody has begun.
    next: AtomicU32,
    /// Set when nobody wants pairs any more.
    end: AtomicU32,
    /// Which workers may have begun a part.
    began: [AtomicU32; MOST],
    index: Oid,
    pages: u32,
    radius: f64,
}

const PAGES_AT: usize = size_of::<Share>().next_multiple_of(64);

impl Share {
    /// # Safety
    /// The segment is attached, for as long as this is used, and one that a backend made here.
    unsafe fn of<'a>(segment: *mut pg_sys::dsm_segment) -> &'a Self {
        // SAFETY: as promised by the caller; what changes later is atomic.
        unsafe { &*pg_sys::dsm_segment_address(segment).cast::<Share>() }
    }

    /// Where the pages are.
    fn pages_at(&self) -> *mut Page {
        ptr::from_ref(self).cast_mut().cast::<u8>().wrapping_add(PAGES_AT).cast()
    }

    /// Where a worker's queue is.
    fn queue_at(&self, number: usize) -> *mut pg_sys::shm_mq {
        let queues = PAGES_AT + self.pages as usize * PAGE_SIZE;
        let at = ptr::from_ref(self).cast_mut().cast::<u8>();
        at.wrapping_add(queues + number * QUEUE).cast()
    }

    /// The next part, for whoever asks: there may be no such part.
    fn claim(&self) -> usize {
        self.next.fetch_add(1, Ordering::SeqCst) as usize
    }
}

/// What a worker sends.
enum Message {
    Pairs(Vec<Pair>),
    /// It has begun no part that it has not done.
    Done,
    Failed(report::Report),
}

const PAIRS: u8 = 0;
const DONE: u8 = 1;
const FAILED: u8 = 2;

/// Bytes of a pair in a message.
const PAIR: usize = 24;

/// Begins a message of pairs.
fn begin_pairs(message: &mut Vec<u8>) {
    message.clear();
    message.push(PAIRS);
}

/// Adds one.
fn push_pair(message: &mut Vec<u8>, pair: &Pair) -> Result<(), TreeError> {
    message.try_reserve(PAIR)?;
    let numbers = [pair.one.0, pair.other.0, pair.distance.to_bits()];
    message.extend_from_slice(numbers.map(u64::to_ne_bytes).as_flattened());
    Ok(())
}

/// Why a worker failed.
fn failure(error: &CaughtError) -> Vec<u8> {
    let (CaughtError::PostgresError(error)
    | CaughtError::ErrorReport(error)
    | CaughtError::RustPanic { ereport: error, .. }) = error;
    let texts = [Some(error.message()), error.detail(), error.hint()];
    write_failure(error.sql_error_code() as i32, texts)
}

/// A code, and message, detail and hint, each behind a zero byte.
fn write_failure(code: i32, texts: [Option<&str>; 3]) -> Vec<u8> {
    let mut message = vec![FAILED];
    message.extend(code.to_ne_bytes());
    for text in texts {
        message.push(0);
        message.extend(text.unwrap_or("").bytes().filter(|&byte| byte != 0));
    }
    message
}

/// The same, read.
fn read_failure(bytes: &[u8]) -> Option<(i32, [Option<String>; 3])> {
    let (&code, texts) = bytes.split_first_chunk()?;
    let mut texts = texts.split(|&byte| byte == 0).skip(1).map(String::from_utf8_lossy);
    let mut text = || texts.next().filter(|text| !text.is_empty()).map(String::from);
    Some((i32::from_ne_bytes(code), [text(), text(), text()]))
}

impl Message {
    fn read(bytes: &[u8]) -> Result<Option<Self>, TreeError> {
        let Some((&kind, bytes)) = bytes.split_first() else { return Ok(None) };
        Ok(match kind {
            PAIRS => {
                let mut pairs = Vec::new();
                let read = bytes.as_chunks::<PAIR>().0;
                pairs.try_reserve(read.len())?;
                pairs.extend(read.iter().map(|bytes| {
                    let number = |at: usize| {
                        u64::from_ne_bytes(std::array::from_fn(|byte| bytes[8 * at + byte]))
                    };
                    let (one, other) = (Pointer(number(0)), Pointer(number(1)));
                    Pair { one, other, distance: f64::from_bits(number(2)) }
                }));
                Some(Message::Pairs(pairs))
            }
            DONE => Some(Message::Done),
            FAILED => read_failure(bytes).map(|(code, texts)| {
                Message::Failed(report::of_worker(PgSqlErrorCode::from(code), texts))
            }),
            _ => None,
        })
    }
}

/// The workers of a walk, as the backend that was asked knows them.
pub(super) struct Workers {
    segment: *mut pg_sys::dsm_segment,
    /// The queues of those that are not done.
    queues: Vec<Option<*mut pg_sys::shm_mq_handle>>,
}

impl Workers {
    /// Has workers go through parts of an index, as many as this session's parallel queries may
    /// have, from the part `next` on. None when there are to be none.
    ///
    /// # Safety
    /// The index is open, and `context` lives as long as the workers are asked.
    pub(super) unsafe fn start<K: Rows>(
        index: Relation,
        pairs: &Pairs<K>,
        next: usize,
        context: pg_sys::MemoryContext,
    ) -> Option<Self> {
        // SAFETY: as promised by the caller. The segment is as large as what is put into it.
        unsafe {
            let parts = pairs.parts();
            let most = usize::try_from(pg_sys::max_parallel_workers_per_gather).unwrap_or(0);
            let count = most.min(MOST).min(parts.count().saturating_sub(next));
            let is_temporary = (*(*index).rd_rel).relpersistence as u8 == b't';
            if count == 0 || is_temporary || pg_sys::ParallelWorkerNumber >= 0 {
                return None;
            }
            let pages = parts.pages();
            let size = PAGES_AT + size_of_val(pages) + count * QUEUE;
            let before = pg_sys::MemoryContextSwitchTo(context);
            let none_if_too_many = pg_sys::DSM_CREATE_NULL_IF_MAXSEGMENTS as i32;
            let segment = pg_sys::dsm_create(size, none_if_too_many);
            if segment.is_null() {
                pg_sys::MemoryContextSwitchTo(before);
                return None;
            }
            pg_sys::dsm_segment_address(segment).cast::<Share>().write(Share {
                next: AtomicU32::new(next as u32),
                end: AtomicU32::new(0),
                began: [const { AtomicU32::new(0) }; MOST],
                index: (*index).rd_id,
                pages: pages.len() as u32,
                radius: pairs.radius(),
            });
            let share = Share::of(segment);
            ptr::copy_nonoverlapping(pages.as_ptr(), share.pages_at(), pages.len());
            pg_sys::on_dsm_detach(segment, Some(end), Datum::null());
            let queues = (0..count).map_while(|number| queue(segment, number)).map(Some).collect();
            pg_sys::MemoryContextSwitchTo(before);
            Some(Workers { segment, queues })
        }
    }

    /// The next part, for the backend itself: there may be no such part.
    pub(super) fn claim(&self) -> usize {
        // SAFETY: attached until the end.
        unsafe { Share::of(self.segment) }.claim()
    }

    /// Takes pairs that workers have found, if there are any. With `wait`, when the backend has no
    /// part to begin any more, gives none only if there will be none.
    ///
    /// # Safety
    /// [`Workers::end`] was not called.
    pub(super) unsafe fn receive(&mut self, wait: bool) -> Result<Vec<Pair>, TreeError> {
        // SAFETY: as promised by the caller; a message stays where it is until the next.
        unsafe {
            let share = Share::of(self.segment);
            loop {
                let mut is_one_at_work = false;
                for (queue, began) in self.queues.iter_mut().zip(&share.began) {
                    let Some(handle) = *queue else { continue };
                    let began = began.load(Ordering::SeqCst) != 0;
                    let (mut size, mut data) = (0, ptr::null_mut());
                    let got = pg_sys::shm_mq_receive(handle, &raw mut size, &raw mut data, true);
                    if got == SHM_MQ_WOULD_BLOCK {
                        is_one_at_work |= began;
                        continue;
                    }
                    let message = match got {
                        SHM_MQ_SUCCESS => {
                            Message::read(std::slice::from_raw_parts(data.cast(), size))?
                        }
                        _ => None,
                    };
                    match message {
                        Some(Message::Pairs(pairs)) => return Ok(pairs),
                        Some(Message::Done) => *queue = None,
                        Some(Message::Failed(report)) => report.raise(),
                        None if began => report::lost_worker().raise(),
                        None => *queue = None,
                    }
                }
                if !wait || !is_one_at_work {
                    return Ok(Vec::new());
                }
                let events = pg_sys::WL_LATCH_SET | pg_sys::WL_EXIT_ON_PM_DEATH;
                pg_sys::WaitLatch(pg_sys::MyLatch, events as i32, 0, pg_sys::PG_WAIT_EXTENSION);
                pg_sys::ResetLatch(pg_sys::MyLatch);
                check_for_interrupts!();
            }
        }
    }

    /// Has them end. After an ERROR Postgres does this by itself.
    ///
    /// # Safety
    /// Called once.
    pub(super) unsafe fn end(&self) {
        // SAFETY: attached.
        unsafe { pg_sys::dsm_detach(self.segment) }
    }
}

/// Tells the workers that nobody wants pairs any more, when the backend lets go of what it shares
/// with them.
#[pg_guard]
unsafe extern "C-unwind" fn end(segment: *mut pg_sys::dsm_segment, _argument: Datum) {
    // SAFETY: still attached.
    unsafe { Share::of(segment) }.end.store(1, Ordering::SeqCst);
}

/// Makes a queue, and registers the worker for it; None when there is no room for one.
///
/// # Safety
/// The segment is attached, and has room for the queue.
unsafe fn queue(
    segment: *mut pg_sys::dsm_segment,
    number: usize,
) -> Option<*mut pg_sys::shm_mq_handle> {
    // SAFETY: as promised by the caller.
    unsafe {
        let queue = pg_sys::shm_mq_create(Share::of(segment).queue_at(number).cast(), QUEUE);
        pg_sys::shm_mq_set_receiver(queue, pg_sys::MyProc);
        let process = pg_sys::MyProcPid;
        let mut worker = pg_sys::BackgroundWorker {
            bgw_flags: (pg_sys::BGWORKER_SHMEM_ACCESS
                | pg_sys::BGWORKER_BACKEND_DATABASE_CONNECTION
                | pg_sys::BGWORKER_CLASS_PARALLEL) as i32,
            bgw_start_time: pg_sys::BgWorkerStartTime::BgWorkerStart_ConsistentState,
            bgw_restart_time: pg_sys::BGW_NEVER_RESTART,
            bgw_main_arg: Datum::from(pg_sys::dsm_segment_handle(segment)),
            bgw_notify_pid: process,
            ..Default::default()
        };
        let name = format!("kdtree_pairs worker of process {process}");
        write_name(&mut worker.bgw_name, &name);
        write_name(&mut worker.bgw_type, "kdtree_pairs worker");
        write_name(&mut worker.bgw_library_name, "$libdir/imgsmlr_rs");
        write_name(&mut worker.bgw_function_name, "kdtree_pairs_worker");
        let database: u32 = pg_sys::MyDatabaseId.into();
        write_name(&mut worker.bgw_extra, &format!("{database} {number}"));
        let mut handle = ptr::null_mut();
        let registered = pg_sys::RegisterDynamicBackgroundWorker(&raw mut worker, &raw mut handle);
        registered.then(|| pg_sys::shm_mq_attach(queue, segment, handle))
    }
}

/// Writes a C string where there is room for it.
fn write_name<const ROOM: usize>(room: &mut [c_char; ROOM], name: &str) {
    for (place, byte) in room.iter_mut().take(ROOM - 1).zip(name.bytes()) {
        *place = byte as c_char;
    }
}

/// A worker's whole life.
///
/// # Safety
/// Called by Postgres in a background worker, with what its backend shares with it.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn kdtree_pairs_worker(segment: Datum) {
    // SAFETY: as promised by the caller.
    unsafe {
        version::end_by_interrupts();
        pg_sys::BackgroundWorkerUnblockSignals();
        let extra = CStr::from_ptr((*pg_sys::MyBgworkerEntry).bgw_extra.as_ptr());
        let mut numbers = extra.to_str().unwrap_or("").split(' ').flat_map(str::parse::<u32>);
        let (Some(database), Some(number)) = (numbers.next(), numbers.next()) else { return };
        // Who may connect to the database, and as whom, was the backend's business.
        let any = pg_sys::BGWORKER_BYPASS_ALLOWCONN;
        let database = Oid::from(database);
        pg_sys::BackgroundWorkerInitializeConnectionByOid(database, pg_sys::InvalidOid, any);
        pg_sys::StartTransactionCommand();
        let segment = pg_sys::dsm_attach(segment.value() as pg_sys::dsm_handle);
        if segment.is_null() {
            // The backend is through without it.
            return;
        }
        // What an ERROR leaves in hand is given back before anybody is told: so both outlive that.
        pg_sys::dsm_pin_mapping(segment);
        pg_sys::MemoryContextSwitchTo(pg_sys::TopMemoryContext);
        let share = Share::of(segment);
        let queue = share.queue_at(number as usize);
        pg_sys::shm_mq_set_sender(queue, pg_sys::MyProc);
        let queue = pg_sys::shm_mq_attach(queue, segment, ptr::null_mut());
        let mut sender = Sender { queue, is_sending: false };
        let work = AssertUnwindSafe(|| {
            go_through(share, number as usize, &mut sender);
            None
        });
        let failed = PgTryBuilder::new(work).catch_others(|error| Some(failure(&error))).execute();
        match &failed {
            None => pg_sys::CommitTransactionCommand(),
            Some(_) => pg_sys::AbortCurrentTransaction(),
        }
        sender.send(failed.as_deref().unwrap_or(&[DONE]));
        pg_sys::dsm_detach(segment);
    }
}

/// The worker's end of its queue.
struct Sender {
    queue: *mut pg_sys::shm_mq_handle,
    /// From then on until a message is sent as a whole. After an ERROR in between no other can be.
    is_sending: bool,
}

impl Sender {
    /// Sends a message, when there is room. Gives whether somebody takes it.
    ///
    /// # Safety
    /// The queue is attached, and this process its sender.
    unsafe fn send(&mut self, message: &[u8]) -> bool {
        if self.is_sending {
            return false;
        }
        self.is_sending = true;
        // SAFETY: as promised by the caller.
        let sent = unsafe { version::send(self.queue, message) };
        self.is_sending = false;
        sent == SHM_MQ_SUCCESS
    }
}

/// Goes through parts of the index, unless somebody keeps it locked: that is the backend's own
/// transaction, or one that is about to change it.
///
/// # Safety
/// In a transaction, with the queue of this number.
unsafe fn go_through(share: &Share, number: usize, sender: &mut Sender) {
    // SAFETY: as promised by the caller.
    unsafe {
        if !pg_sys::ConditionalLockRelationOid(share.index, ACCESS) {
            return;
        }
        let index = pg_sys::try_relation_open(share.index, pg_sys::NoLock as i32);
        if index.is_null() {
            return;
        }
        let Some(began) = share.began.get(number) else { return };
        began.store(1, Ordering::SeqCst);
        let done = of_kind!(index, find_pairs(index, share, sender));
        if let Err(error) = done {
            report::broken_kdtree(index_name(index), &error).raise();
        }
        pg_sys::relation_close(index, pg_sys::NoLock as i32);
    }
}

/// Sends the pairs of all parts that nobody else begins.
///
/// # Safety
/// The index is open, and the queue attached.
unsafe fn find_pairs<K: Rows>(
    index: Relation,
    share: &Share,
    sender: &mut Sender,
) -> Result<(), TreeError> {
    // SAFETY: as promised by the caller; the pages were written before this process began.
    unsafe {
        let mut pages = Vec::new();
        pages.try_reserve(share.pages as usize)?;
        pages.extend_from_slice(std::slice::from_raw_parts(share.pages_at(), share.pages as usize));
        let mut pairs = Pairs::<K>::new(loops::best(), share.radius, FULL, Parts::of(pages));
        let (mut ahead, mut message) = (Ahead::default(), Vec::new());
        begin_pairs(&mut message);
        while pairs.begin(share.claim())? {
            while take_page(index, &mut pairs, &mut ahead)? {
                if share.end.load(Ordering::Relaxed) != 0 {
                    return Ok(());
                }
                while let Some(pair) = pairs.next_pair()? {
                    push_pair(&mut message, &pair)?;
                    if message.len() >= AT_ONCE * PAIR {
                        if !sender.send(&message) {
                            return Ok(());
                        }
                        begin_pairs(&mut message);
                    }
                }
            }
        }
        sender.send(&message);
        Ok(())
    }
}

/// Goes on by one page, if there is one in this part.
///
/// # Safety
/// The index is open.
pub(super) unsafe fn take_page<K: Rows>(
    index: Relation,
    pairs: &mut Pairs<K>,
    ahead: &mut Ahead,
) -> Result<bool, TreeError> {
    let Some(turn) = pairs.next_turn()? else { return Ok(false) };
    check_for_interrupts!();
    // SAFETY: as promised by the caller.
    unsafe {
        let pin = ahead.take(index, turn.block());
        ahead.fetch::<K>(index, pairs.coming());
        pairs.take(turn, Held::of_pin(pin, Lock::Shared).page())?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_as_they_were_sent() {
        let pair =
            |n: u64| Pair { one: Pointer(n), other: Pointer(n << 47), distance: n as f64 / 3.0 };
        let pairs: Vec<Pair> = (1..5).map(pair).collect();
        let mut message = Vec::new();
        begin_pairs(&mut message);
        for pair in &pairs {
            push_pair(&mut message, pair).expect("memory");
        }
        let Ok(Some(Message::Pairs(read))) = Message::read(&message) else { panic!("no pairs") };
        assert_eq!(read, pairs);
        assert!(matches!(Message::read(&[DONE]), Ok(Some(Message::Done))));
        for other in [&[][..], &[FAILED], &[9, 9]] {
            assert!(matches!(Message::read(other), Ok(None)), "{other:?}");
        }
    }

    #[test]
    fn failures_come_as_they_were_sent() {
        let texts = [Some("könnte\0 nicht"), None, Some("hint")];
        let message = write_failure(-7, texts);
        let (code, read) = read_failure(&message[1..]).expect("a failure");
        let read = read.each_ref().map(Option::as_deref);
        assert_eq!((code, read), (-7, [Some("könnte nicht"), None, Some("hint")]));
    }
}
