//! A page of 8 kB: Postgres' header, room, and at its end what every page of a tree has.
//!
//! The room of a page with rows ends in marks, which are hints: a search sets them without WAL. To
//! Postgres they lie in the hole that a page may have, of which it logs and compares nothing.
//!
//! All numbers are in the machine's order, as everywhere in Postgres' files.

use crate::index::kdtree::TreeError;

/// Bytes of a page.
pub const PAGE_SIZE: usize = 8192;
/// Postgres' header in front: LSN, checksum, flags, and where what lies.
const HEADER: usize = 24;
/// Where the room begins: at a line of the processor's memory, so that what lies together in the
/// room comes in as few lines as can be.
pub const FRONT: usize = 64;
/// What every page of a tree ends in.
const TRAILER: usize = 48;
/// Bytes in between.
pub const ROOM: usize = PAGE_SIZE - FRONT - TRAILER;
/// Where the trailer begins.
const END: usize = PAGE_SIZE - TRAILER;

/// Most rows of a leaf, of whatever kind.
pub const MOST_ROWS: usize = 256;
/// Bytes of marks, a bit for each row, at the end of the room of a leaf, and of a page of rows
/// without a value.
const LEAF_MARKS: usize = MOST_ROWS / 8;
/// The same, of a page of rows without a value.
const NULL_MARKS: usize = 168;
/// Most bytes of marks that a page has.
pub const MOST_MARKS: usize = NULL_MARKS;
/// Bytes of the room of a page of rows without a value that are left for the rows.
pub const NULL_ROOM: usize = ROOM - NULL_MARKS;
/// The same, of a leaf.
pub const LEAF_ROOM: usize = ROOM - LEAF_MARKS;

/// The block that describes the index.
pub const META_BLOCK: u32 = 0;
/// The block of the root, for as long as the index lives.
pub const ROOT_BLOCK: u32 = 1;
/// No block.
pub const NO_BLOCK: u32 = u32::MAX;

/// More levels than any tree has.
pub const MOST_LEVELS: u16 = 24;

/// The layout that this code writes and reads.
pub const VERSION: u32 = 2;
const MAGIC: u32 = 0x6b64_7472;

/// A page, as it lies on disk and in the server's memory.
#[repr(C)]
#[derive(Clone)]
pub struct Page {
    bytes: [u8; PAGE_SIZE],
}

/// What a page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// Boxes and blocks, or rows, of the tree.
    Node = 1,
    /// Pointers to rows that have no value.
    Nulls = 2,
    /// Of no use any more, and to be used again when nobody can come by.
    Deleted = 3,
    /// The description of the index.
    Meta = 4,
}

/// Bytes of marks on such a page.
const fn marks_of(role: Role, level: u16) -> usize {
    match role {
        Role::Node if level == 0 => LEAF_MARKS,
        Role::Nulls => NULL_MARKS,
        Role::Node | Role::Deleted | Role::Meta => 0,
    }
}

macro_rules! fields {
    ($($(#[$doc:meta])* $at:literal $get:ident $set:ident: $type:ty;)*) => {$(
        $(#[$doc])*
        pub fn $get(&self) -> $type {
            let mut bytes = [0; size_of::<$type>()];
            bytes.copy_from_slice(&self.bytes[END + $at..END + $at + size_of::<$type>()]);
            <$type>::from_ne_bytes(bytes)
        }

        /// Sets it.
        pub fn $set(&mut self, value: $type) {
            self.bytes[END + $at..END + $at + size_of::<$type>()]
                .copy_from_slice(&value.to_ne_bytes());
        }
    )*};
}

impl Page {
    /// An empty page of a tree of that kind.
    pub fn new(kind: u8, role: Role, level: u16) -> Self {
        let mut page = Page { bytes: [0; PAGE_SIZE] };
        let end = (END as u16).to_ne_bytes();
        // pd_lower, pd_upper, pd_special: the hole is where the marks are, all else counts.
        let hole = (END - marks_of(role, level)) as u16;
        page.bytes[12..14].copy_from_slice(&hole.to_ne_bytes());
        page.bytes[14..16].copy_from_slice(&end);
        page.bytes[16..18].copy_from_slice(&end);
        page.bytes[18..20].copy_from_slice(&(PAGE_SIZE as u16 | 4).to_ne_bytes());
        page.bytes[END + 46] = kind;
        page.bytes[END + 47] = role as u8 | 0xb0;
        page.set_right(NO_BLOCK);
        page.set_level(level);
        page
    }

    fields! {
        /// The number of the last split of this page, 0 before the first. Who read a
        /// smaller one in the parent has to look to the right as well.
        0 split_number set_split_number: u64;
        /// The largest split number of a child that this page knew when it took in what
        /// that split made.
        8 seen set_seen: u64;
        /// The transaction after which nobody can come to this deleted page.
        16 deleted_by set_deleted_by: u64;
        /// The page on the right, made by the last split.
        24 right set_right: u32;
        /// Counts what takes rows off this page.
        28 removals set_removals: u32;
        /// Entries.
        32 count_field set_count_field: u16;
        /// 0 for a leaf.
        34 level set_level: u16;
        /// The number of the split that this page was made by, 0 for a build: whoever comes
        /// by a pointer from before knows the page by another.
        36 birth set_birth: u32;
    }

    /// What the page is for, if it is one of a tree.
    pub fn role(&self) -> Option<Role> {
        match self.bytes[END + 47] {
            0xb1 => Some(Role::Node),
            0xb2 => Some(Role::Nulls),
            0xb3 => Some(Role::Deleted),
            0xb4 => Some(Role::Meta),
            _ => None,
        }
    }

    /// Makes it a page of another use.
    pub fn set_role(&mut self, role: Role) {
        self.bytes[END + 47] = role as u8 | 0xb0;
    }

    /// Entries.
    pub fn count(&self) -> usize {
        usize::from(self.count_field())
    }

    /// Sets the number of entries.
    pub fn set_count(&mut self, count: usize) {
        self.set_count_field(count as u16);
    }

    /// Whether nobody has written to it since it was added to the file.
    pub fn is_new(&self) -> bool {
        self.bytes[14..16] == [0, 0]
    }

    /// The room between header and trailer.
    pub fn room(&self) -> &[u8; ROOM] {
        match self.bytes[FRONT..].first_chunk() {
            Some(room) => room,
            None => unreachable!("the room is inside the page"),
        }
    }

    /// The same, to write to.
    pub fn room_mut(&mut self) -> &mut [u8; ROOM] {
        match self.bytes[FRONT..].first_chunk_mut() {
            Some(room) => room,
            None => unreachable!("the room is inside the page"),
        }
    }

    /// The marks of its rows, a bit for each: none on a page without rows.
    pub fn marks(&self) -> &[u8] {
        let bytes = self.role().map_or(0, |role| marks_of(role, self.level()));
        &self.bytes[END - bytes..END]
    }

    /// The same, to write to.
    pub fn marks_mut(&mut self) -> &mut [u8] {
        let bytes = self.role().map_or(0, |role| marks_of(role, self.level()));
        &mut self.bytes[END - bytes..END]
    }

    /// Whether the hole is where this page's marks are: what is in a hole may be lost.
    fn has_its_hole(&self, role: Role) -> bool {
        let hole = (END - marks_of(role, self.level())) as u16;
        // A page that was deleted keeps what it had, or has none.
        role == Role::Deleted
            || self.bytes[12..14] == hole.to_ne_bytes()
                && self.bytes[14..16] == (END as u16).to_ne_bytes()
    }

    /// Whether this is a page of a tree of that kind: of the role it says, and not more
    /// than full. Whoever reads a page asks this first.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self, block: u32, kind: u8) -> Result<Role, TreeError> {
        let corrupt = |what| Err(TreeError::Corrupt { block, what });
        if self.is_new() {
            return corrupt("is empty");
        }
        if self.bytes[16..18] != (END as u16).to_ne_bytes() {
            return corrupt("is no page of a k-d tree");
        }
        match self.role() {
            Some(role) if self.bytes[END + 46] == kind => {
                if self.level() > MOST_LEVELS {
                    corrupt("has no level")
                } else if !self.has_its_hole(role) {
                    corrupt("has its marks elsewhere: no release wrote it")
                } else {
                    Ok(role)
                }
            }
            Some(_) => corrupt("is of a tree of another kind"),
            None => corrupt("is no page of a k-d tree"),
        }
    }
}

/// What block 0 says of the index: right behind Postgres' header, whatever the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Splits so far: the number of the last.
    pub splits: u64,
    /// The first page of rows without a value.
    pub nulls: u32,
    /// The first of these that may have room.
    pub open_nulls: u32,
}

/// Why block 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetaError {
    /// Another file.
    #[error("it does not begin with the description of a k-d tree")]
    NoMeta,
    /// Written by another version of this extension.
    #[error("its layout is version {found}, and this library knows version {VERSION}")]
    Other {
        /// Which.
        found: u32,
    },
}

impl Meta {
    /// Reads the description.
    ///
    /// # Errors
    /// When it is none, or of a version that is not known here.
    pub fn read(page: &Page, kind: u8) -> Result<Meta, MetaError> {
        let number =
            |at: usize| u32::from_ne_bytes([0, 1, 2, 3].map(|i| page.bytes[HEADER + at + i]));
        if page.role() != Some(Role::Meta) || number(0) != MAGIC {
            return Err(MetaError::NoMeta);
        }
        let found = number(4);
        if found != VERSION {
            return Err(MetaError::Other { found });
        }
        page.check(META_BLOCK, kind).map_err(|_| MetaError::NoMeta)?;
        let splits = u64::from(number(8)) | u64::from(number(12)) << 32;
        Ok(Meta { splits, nulls: number(16), open_nulls: number(20) })
    }

    /// Writes it.
    pub fn write(&self, page: &mut Page) {
        let splits = [self.splits as u32, (self.splits >> 32) as u32];
        let numbers = [MAGIC, VERSION, splits[0], splits[1], self.nulls, self.open_nulls];
        for (place, number) in page.bytes[HEADER..].as_chunks_mut::<4>().0.iter_mut().zip(numbers) {
            *place = number.to_ne_bytes();
        }
    }

    /// The description of an empty index.
    pub fn page(kind: u8) -> Page {
        let mut page = Page::new(kind, Role::Meta, 0);
        Meta { splits: 0, nulls: NO_BLOCK, open_nulls: NO_BLOCK }.write(&mut page);
        page
    }
}
