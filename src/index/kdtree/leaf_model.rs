//! Rows of a page and their marks, compared with a list.

use crate::index::kdtree::fingerprints::Fingerprints;
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::leaf::{Pointer, capacity, is_dead, pointer, push, remove, set_dead};
use crate::index::kdtree::page::{Page, ROOM, Role};
use crate::index::kdtree::signatures::Signatures;
use proptest::prelude::*;

/// Rows come, are marked and go; the page has what a list has. Nothing but marks is where
/// Postgres looks for no data.
fn keeps_rows_and_marks<K: Kind>(mut page: Page, changes: &[(u8, u16)]) {
    let value = (page.role() == Some(Role::Node)).then(|| K::value(|axis| [axis as u8, 0, 0, 0]));
    let mut rows: Vec<(Pointer, bool)> = Vec::new();
    let mut next = 0;
    for &(change, number) in changes {
        let place = usize::from(number).checked_rem(rows.len()).unwrap_or(0);
        match change {
            0..6 => {
                let pointer = Pointer(0xabcd_ef01_8000 + next);
                let room = rows.len() < capacity::<K>(&page);
                assert_eq!(push::<K>(&mut page, value.as_ref(), pointer), room);
                if room {
                    rows.push((pointer, false));
                    next += 1;
                }
            }
            6..9 if !rows.is_empty() => {
                let before = page.clone();
                set_dead(&mut page, place, true);
                rows[place].1 = true;
                let marks = before.marks().len();
                let end = ROOM - marks;
                assert_eq!(page.room()[..end], before.room()[..end]);
            }
            _ => {
                let every = u64::from(number % 7) + 2;
                let gone = |pointer: Pointer| pointer.0.is_multiple_of(every);
                let before = rows.len();
                rows.retain(|row| !gone(row.0));
                assert_eq!(remove::<K>(&mut page, gone), before - rows.len());
            }
        }
        let mut found: Vec<(Pointer, bool)> = (0..page.count())
            .map(|place| (pointer::<K>(&page, place), is_dead(&page, place)))
            .collect();
        // Rows change places where one is taken out.
        found.sort_unstable();
        rows.sort_unstable();
        assert_eq!(found, rows);
        let marked: u32 = page.marks().iter().map(|marks| marks.count_ones()).sum();
        assert_eq!(marked as usize, rows.iter().filter(|row| row.1).count());
        rows = (0..page.count())
            .map(|place| (pointer::<K>(&page, place), is_dead(&page, place)))
            .collect();
    }
    assert_eq!(page.check(1, K::NUMBER), Ok(page.role().expect("one")));
}

proptest! {
    #[test]
    fn marks_go_with_their_rows(
        changes in proptest::collection::vec((0_u8..11, any::<u16>()), 0..600),
    ) {
        for role in [Role::Node, Role::Nulls] {
            keeps_rows_and_marks::<Fingerprints>(Page::new(Fingerprints::NUMBER, role, 0), &changes);
            keeps_rows_and_marks::<Signatures>(Page::new(Signatures::NUMBER, role, 0), &changes);
        }
    }
}

#[test]
fn a_full_page_keeps_its_marks_apart() {
    fn fill<K: Kind>(role: Role) {
        let mut page = Page::new(K::NUMBER, role, 0);
        let value = (role == Role::Node).then(|| K::value(|_| [0xff, 0xff, 0x7f, 0x7f]));
        let full = capacity::<K>(&page) as u64;
        for row in 0..full {
            assert!(push::<K>(&mut page, value.as_ref(), Pointer(0xffff_ffff_ff00 | row & 0xff)));
        }
        assert!(page.marks().iter().all(|&marks| marks == 0));
        assert!(8 * page.marks().len() as u64 >= full);
        (0..full as usize).for_each(|place| set_dead(&mut page, place, true));
        for (row, place) in (0..full).zip(0..) {
            assert_eq!(pointer::<K>(&page, place), Pointer(0xffff_ffff_ff00 | row & 0xff));
            assert!(is_dead(&page, place));
        }
        assert_eq!(page.check(1, K::NUMBER), Ok(role));
    }
    fill::<Fingerprints>(Role::Node);
    fill::<Fingerprints>(Role::Nulls);
    fill::<Signatures>(Role::Node);
    fill::<Signatures>(Role::Nulls);
}
