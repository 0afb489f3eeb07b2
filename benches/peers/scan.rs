//! All rows in one array in memory, looked at by one thread, without Postgres: what the processor and its
//! memory can do, beside which an index has to be worth its pages.

/// What is near: the nearest so many, or all within a squared distance.
#[derive(Clone, Copy)]
pub enum Wanted {
    Nearest(usize),
    Within(f32),
}

/// Numbers that a scan compares.
pub trait Near: Copy {
    /// The squared distance, exact for whole numbers.
    fn near(&self, other: &Self) -> f32;
}

impl Near for [f32; 16] {
    #[inline(always)]
    fn near(&self, other: &Self) -> f32 {
        // Eight sums side by side, as the processor adds them.
        let mut sums = [0.0_f32; 8];
        for (a, b) in self.as_chunks::<8>().0.iter().zip(other.as_chunks::<8>().0) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += (a - b) * (a - b);
            }
        }
        sums.iter().sum()
    }
}

impl Near for [u8; 32] {
    #[inline(always)]
    fn near(&self, other: &Self) -> f32 {
        let squares = self.iter().zip(other).map(|(&a, &b)| {
            let apart = i16::from(a) - i16::from(b);
            i32::from(apart) * i32::from(apart)
        });
        squares.sum::<i32>() as f32
    }
}

#[inline(always)]
fn look<V: Near>(rows: &[V], query: &V, wanted: Wanted) -> Vec<(f32, usize)> {
    let (most, mut far) = match wanted {
        Wanted::Nearest(count) => (count, f32::INFINITY),
        Wanted::Within(square) => (usize::MAX, square),
    };
    let mut found: Vec<(f32, usize)> = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let near = row.near(query);
        if near < far {
            if most == usize::MAX {
                found.push((near, place));
                continue;
            }
            if found.len() == most {
                found.pop();
            }
            let at = found.partition_point(|&(other, _)| other <= near);
            found.insert(at, (near, place));
            if found.len() == most {
                far = found[most - 1].0;
            }
        }
    }
    found
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn look_with_avx2<V: Near>(rows: &[V], query: &V, wanted: Wanted) -> Vec<(f32, usize)> {
    look(rows, query, wanted)
}

/// The squared distances and places of what is near, of the nearest in their order.
pub fn scan<V: Near>(rows: &[V], query: &V, wanted: Wanted) -> Vec<(f32, usize)> {
    #[cfg(target_arch = "x86_64")]
    #[expect(unsafe_code, reason = "what the hardware can do wants its instructions")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { look_with_avx2(rows, query, wanted) };
    }
    look(rows, query, wanted)
}
