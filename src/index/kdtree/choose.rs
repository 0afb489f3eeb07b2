//! Below which box of a page a new row goes.
//!
//! A row goes where a plane that crosses no box has it, for as long as there are such planes:
//! so boxes that lie apart stay apart, whichever grows ([`geometry::choose`] has the same in
//! mind, and is asked where no plane is left). Axis by axis it is seen which boxes hang
//! together with the row: all others are behind a plane.
//!
//! [`geometry::choose`]: crate::index::geometry::choose

use crate::index::kdtree::cell::Cell as _;
use crate::index::kdtree::inner::{self, Sides};
use crate::index::kdtree::kind::{Kind, MOST_BOXES, Places, places};
use crate::index::kdtree::page::Page;

/// Below which box of a page a new row goes, by its place.
pub fn choose<K: Kind>(page: &Page, point: &K::Cell) -> usize {
    let count = page.count().min(K::BOXES);
    let mut sides = [[0.0; MOST_BOXES]; 2];
    let holding = holding::<K>(page, count, point, &mut sides);
    if holding.count_ones() == 1 {
        return holding.trailing_zeros() as usize;
    }
    let mut left = Places::MAX.checked_shr(128 - count as u32).unwrap_or(0);
    loop {
        let before = left;
        for axis in 0..K::AXES {
            inner::read_sides::<K>(page, axis, &mut sides);
            left = on_its_side(&sides, left, place_of::<K>(point, axis));
            if left.count_ones() <= 1 {
                return places(left).next().unwrap_or(0);
            }
        }
        if left == before {
            return among::<K>(page, left, point);
        }
    }
}

/// From where to where a row lies on an axis.
fn place_of<K: Kind>(point: &K::Cell, axis: usize) -> [f32; 2] {
    [false, true].map(|upper| K::Cell::number(point.side(upper, axis)))
}

/// The boxes that hold the row already.
fn holding<K: Kind>(page: &Page, count: usize, point: &K::Cell, sides: &mut Sides) -> Places {
    let mut out = [false; MOST_BOXES];
    for axis in 0..K::AXES {
        let [from, to] = place_of::<K>(point, axis);
        inner::read_sides::<K>(page, axis, sides);
        let [low, high] = &*sides;
        for (out, (&low, &high)) in out.iter_mut().zip(low.iter().zip(high)).take(count) {
            *out |= (from < low) | (high < to);
        }
    }
    (0..count).filter(|&place| !out[place]).fold(0, |set, place| set | 1 << place)
}

/// Those of the boxes that no plane across one axis parts from the row, which lies from `from`
/// to `to`. Of none, where the row is in a gap, those on the nearer side of its middle.
fn on_its_side([low, high]: &Sides, boxes: Places, [mut from, mut to]: [f32; 2]) -> Places {
    let middle = from / 2.0 + to / 2.0;
    let crosses = |place: usize, from: f32, to: f32| low[place] < to && from < high[place];
    if !places(boxes).any(|place| crosses(place, from, to)) {
        let (mut below, mut above) = (0, 0);
        let (mut reach, mut next) = (f32::NEG_INFINITY, f32::INFINITY);
        for place in places(boxes) {
            if high[place] <= from {
                (below, reach) = (below | 1 << place, reach.max(high[place]));
            } else {
                (above, next) = (above | 1 << place, next.min(low[place]));
            }
        }
        return match (below, above) {
            (0, _) | (_, 0) => boxes,
            _ if middle < reach / 2.0 + next / 2.0 => below,
            _ => above,
        };
    }
    // What hangs together with what hangs together with it.
    let (mut together, mut rest) = (0, boxes);
    loop {
        let before = rest;
        for place in places(before) {
            if crosses(place, from, to) {
                (from, to) = (from.min(low[place]), to.max(high[place]));
                together |= 1 << place;
                rest &= !(1 << place);
            }
        }
        if rest == before || rest == 0 {
            return together;
        }
    }
}

/// One of several boxes that no plane parts.
fn among<K: Kind>(page: &Page, boxes: Places, point: &K::Cell) -> usize {
    let mut cells = [K::Cell::EMPTY; MOST_BOXES];
    for (cell, place) in cells.iter_mut().zip(places(boxes)) {
        *cell = inner::cell::<K>(page, place);
    }
    let mut refs = [&cells[0]; MOST_BOXES];
    for (slot, cell) in refs.iter_mut().zip(&cells) {
        *slot = cell;
    }
    let count = boxes.count_ones() as usize;
    let chosen = K::Cell::choose(&refs[..count], point).unwrap_or(0);
    places(boxes).nth(chosen).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::Fingerprint;
    use crate::index::kdtree::fingerprints::Fingerprints;
    use crate::index::kdtree::inner::Child;
    use crate::index::kdtree::page::Role;
    use crate::index::kdtree::signatures::Signatures;
    use crate::signature::Signature;
    use proptest::prelude::*;

    const CHILD: Child = Child { block: 7, birth: 0 };

    fn page_of<K: Kind>(cells: &[K::Cell]) -> Page {
        let mut page = Page::new(K::NUMBER, Role::Node, 1);
        for cell in cells.iter().take(K::BOXES) {
            assert!(inner::push::<K>(&mut page, cell, CHILD));
        }
        page
    }

    /// Puts all values one by one into boxes that are points at first, as insertions do: boxes
    /// that lie apart still do.
    fn stay_apart<K: Kind>(mut cells: Vec<K::Cell>, values: &[K::Value]) {
        let apart = |a: &K::Cell, b: &K::Cell| {
            let side = |cell: &K::Cell, upper, axis| K::Cell::number(cell.side(upper, axis));
            (0..K::AXES).any(|axis| {
                side(a, true, axis) <= side(b, false, axis)
                    || side(b, true, axis) <= side(a, false, axis)
            })
        };
        // Points are parted by planes as soon as no two are the same.
        let parted = (1..cells.len()).all(|a| cells[..a].iter().all(|b| apart(&cells[a], b)));
        for value in values {
            let point = K::cell(value);
            let page = page_of::<K>(&cells);
            let place = choose::<K>(&page, &point);
            let before = cells[place];
            let grown = before.with(point);
            if cells.iter().filter(|cell| cell.holds(&point)).count() == 1 {
                assert!(before.holds(&point), "not the only box that holds it");
            }
            for (other, cell) in cells.iter().enumerate().filter(|(other, _)| *other != place) {
                assert!(!parted || apart(&grown, cell), "box {place} grew into box {other}");
            }
            cells[place] = grown;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn boxes_of_fingerprints_stay_apart(
            // Few different numbers, so that many sides are the same.
            corners in proptest::collection::vec(proptest::array::uniform32(0_u8..4), 1..40),
            values in proptest::collection::vec(proptest::array::uniform32(0_u8..6), 1..60),
        ) {
            let cell = |at| Fingerprints::cell(&Fingerprint::from_values(at));
            let cells = corners.into_iter().map(cell);
            let values: Vec<Fingerprint> = values.into_iter().map(Fingerprint::from_values).collect();
            stay_apart::<Fingerprints>(cells.collect(), &values);
        }

        #[test]
        fn boxes_of_signatures_stay_apart(
            corners in proptest::collection::vec(proptest::array::uniform16(0.0_f32..2.0), 1..40),
            values in proptest::collection::vec(proptest::array::uniform16(0.0_f32..2.0), 1..60),
        ) {
            let cells = corners.into_iter().map(|at| Signatures::cell(&Signature::from_values(at)));
            let values: Vec<Signature> = values.into_iter().map(Signature::from_values).collect();
            stay_apart::<Signatures>(cells.collect(), &values);
        }
    }

    #[test]
    fn equal_boxes_and_infinite_sides_have_a_choice() {
        let cell = |at: f32| Signatures::cell(&Signature::from_values([at; 16]));
        let page = page_of::<Signatures>(&[cell(1.0); 40]);
        assert!(choose::<Signatures>(&page, &cell(1.0)) < 40);
        assert!(choose::<Signatures>(&page, &cell(2.0)) < 40);
        let far = page_of::<Signatures>(&[cell(f32::MAX), cell(f32::MIN), cell(0.0)]);
        for (at, place) in [(f32::MAX, 0), (f32::MIN, 1), (0.5, 2)] {
            assert_eq!(choose::<Signatures>(&far, &cell(at)), place);
        }
    }
}
