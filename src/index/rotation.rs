//! The principal axes of photographs' signatures.
//!
//! A photograph's 16 numbers go up and down together: along the axes on which
//! they vary most, boxes around neighbours are several times tighter than along
//! the numbers themselves. A rotation leaves Euclidean distance alone, so any
//! orthonormal axes are right for any data; these are right and good for
//! photographs. `scripts/calibrate.py` prints them.

use crate::index::geometry::{Bounds, Point};
use crate::signature::{SIGNATURE_LEN, Signature, root_of_squares};

// Variances: 1.818, 1.026, 0.793, 0.355, 0.318, 0.196, 0.164, 0.131, 0.104, 0.088, 0.080, 0.053, 0.044, 0.031, 0.026, 0.010
/// Rows: unit vectors.
#[rustfmt::skip]
#[allow(clippy::excessive_precision)]
const AXES: [[f64; 16]; 16] = [
    [0.399963244784818, 0.30932643983161384, 0.15600504151285147, 0.44316713576921446, 0.32703366339308526, 0.2778478708439976, 0.2845443587202277, 0.19018987459510492, 0.32963560861046937, 0.013496017788914603, -0.0014896196454133443, 0.14697948628125104, -0.2169267606262876, -0.21163381390739755, 0.0021738386535737997, -0.005094593456880478],
    [-0.0741587885686929, -0.04183782446464708, -0.08822651285833623, 0.06745778200758902, 0.12135277737002317, -0.0976761700430463, 0.3307964367204977, 0.30872144482792635, 0.024997591573167798, 0.39591919333756825, 0.4195109110956219, 0.18653803236108482, 0.3529089020055936, 0.48733652551357465, 0.1447033987257702, -0.016427771731607654],
    [0.06288023687870235, -0.08800316277135274, -0.01098891349408314, 0.12451164444607359, -0.1318381156092793, -0.00477248552494102, 0.20168409061992293, -0.1663299059808185, -0.00606264966731395, 0.3110038001113102, -0.2600893396314467, -0.01657653863500996, 0.6661235828431901, -0.5273636309174762, 0.02036724507482694, 0.001490240804240576],
    [0.26145464376077, 0.114742153905529, 0.1443825512549983, 0.18311774989523008, -0.028549905479930027, 0.25655195804129527, -0.2378831319161857, -0.20135390627042252, 0.13644762908049887, -0.30996877299549436, -0.21053806203177042, -0.17147420315077783, 0.46480227624124715, 0.5428463956210738, 0.03380302351764448, -0.006099867213795521],
    [0.17998632184890548, -0.24584266312023065, 0.01561370001825094, 0.22940252188918767, -0.35306204810513037, 0.035335204117344254, 0.23352437847190655, -0.32806648499116914, -0.07933297992355334, 0.4421671254794063, -0.3245501361196968, 0.020641085865480528, -0.3951614405518361, 0.319491008058795, 0.013909310264394015, -0.015795341141289693],
    [-0.1181840771665199, -0.23500384761436485, -0.17715590850396273, 0.07287300272765886, -0.09772693477239319, -0.22725998865946245, 0.6251509135666237, -0.1098839377146905, 0.2033135779326309, -0.6035343662089734, -0.060523302392077094, 0.08280686659579309, 0.03132096239246863, 0.050862231620457735, -0.10087953825060021, -0.013053135899301512],
    [0.2873121300041604, -0.18138118955453225, 0.12662521199127197, 0.2220375356903497, -0.3609590057448229, 0.17785278385291042, -0.04898246627669834, -0.19400522384938038, -0.309842404414969, -0.19636175220859003, 0.6610157647507325, 0.11551812282431177, 0.02088973635493232, -0.16806204670018468, 0.05460849901776393, -0.02734620595491876],
    [-0.0627690330773847, -0.025113746126116963, 0.033015342430699264, -0.09065703573031626, -0.053367454217022305, 0.040205365303683745, -0.006947581979745465, -0.021730391469340155, 0.08967387781599186, -0.11390021031220024, -0.11482233065124854, 0.15553637169458645, -0.061495890952486684, -0.06540040861732693, 0.9563814895535725, 0.004549448466328837],
    [-0.07755108067310193, -0.4162832958597425, -0.14688688623620286, 0.2745803238755047, -0.22235966667900772, -0.07846237025418949, -0.4486272686619445, 0.20802666341174597, 0.6075086201512422, 0.05286041461446086, 0.038173767094003885, 0.2002735688380739, -0.0026639619371778786, -0.06006584308599025, -0.07535775022075128, -0.029338941703868762],
    [0.08750528043041014, -0.06064872293451249, 0.01229408344320082, 0.1504521789874332, -0.14173089844646244, 0.0053970458691809005, -0.0735714093331493, 0.5452913744577342, -0.499652608191497, -0.1838234890606324, -0.3857716761201679, 0.44812949689987797, 0.06189064296266206, 0.04019300624536542, -0.06574336828984881, -0.012393088511283994],
    [-0.07694000302761216, 0.14006489319684476, 0.1608027518129894, -0.35044325060031695, 0.03318575624413484, 0.16094451822388695, -0.026356811936455952, -0.38248293443489223, 0.15518421863530998, 0.04169280109986943, -0.0035769318603554507, 0.7662502875840886, 0.054991058690654994, 0.04514536621756367, -0.18206341574563384, 0.024896158171177324],
    [-0.25271062262826993, 0.03503654999920622, -0.3007707311746134, 0.5505114197834206, 0.44455854327739625, -0.21190007558362006, -0.20669806559671106, -0.3856862465785814, -0.2588491676314143, -0.020890757484423077, 0.005857987901602598, 0.17512150129843476, -0.005943556756791385, 0.011081806798760604, 0.06439895265658814, 0.07018179816748321],
    [-0.443929574623727, 0.6395416627671225, 0.03301414299992636, 0.2729429709166149, -0.5457250521488176, -0.03367486184472639, 0.033187099292829904, 0.043072708074145975, 0.0753972338419045, 0.008664255304517535, 0.04377013477956028, -0.011814165750665717, -0.012239221628214574, 0.007183195577930563, -0.015013097778153817, 0.09042523648616327],
    [-0.5309055749411594, -0.2443297831936445, 0.027823281332092362, 0.09211527434595188, 0.09948126824209443, 0.7197357461544601, 0.10456571298227552, 0.043769173883584055, -0.06951934675387515, -0.0062559743206996995, -0.023533095219718282, -0.08575360708071951, -0.01400733566510123, -0.015251603427371143, -0.04003475024632519, -0.30595082983859434],
    [-0.1131432456906834, -0.18347176968653808, 0.07839914761020726, 0.009749141027677106, 0.03654142325369098, 0.22800587924850993, 0.04891350340025028, 0.05529023107711554, -0.007336694737612464, -0.005326484033642975, 0.0030545273331436438, -0.04296227754232789, -0.0015935920330463925, 0.004648583695083242, -0.016816013573411854, 0.9414242048109981],
    [-0.23276017788568984, -0.17964664250240941, 0.8672378663925164, 0.16607250831049813, 0.12438068727145228, -0.3363688544559028, 0.004760726963443737, -0.0021570064026981296, -0.003305582552932771, -0.007909633548732723, -0.010520077809165527, -0.03205890166858937, 0.0062591533649408015, 0.0067810477216849905, -0.008642556516035526, -0.06208479612861532],
];

/// The same by columns, so that a rotation runs along rows of memory.
const COLUMNS: [[f64; SIGNATURE_LEN]; SIGNATURE_LEN] = {
    let mut columns = [[0.0; SIGNATURE_LEN]; SIGNATURE_LEN];
    let mut i = 0;
    while i < SIGNATURE_LEN {
        let mut j = 0;
        while j < SIGNATURE_LEN {
            columns[j][i] = AXES[i][j];
            j += 1;
        }
        i += 1;
    }
    columns
};

/// A signature's place along the axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotated {
    /// Coordinates, the axis of largest variance first.
    pub coordinates: [f64; SIGNATURE_LEN],
    /// No coordinate is farther than this from its exact value.
    pub error: f64,
}

impl Rotated {
    /// Rotates a signature. 16 products and sums a coordinate, each rounded to
    /// 2⁻⁵³ of at most 4 times the largest number: below `1e-13` of it in all.
    pub fn of(signature: &Signature) -> Self {
        let mut coordinates = [0.0; SIGNATURE_LEN];
        let mut largest = 0.0_f64;
        for (&number, column) in signature.values().iter().zip(&COLUMNS) {
            let number = f64::from(number);
            largest = largest.max(number.abs());
            for (coordinate, part) in coordinates.iter_mut().zip(column) {
                *coordinate += number * part;
            }
        }
        Rotated { coordinates, error: 1e-13 * largest }
    }

    /// The smallest box that surely holds what lies here, its sides rounded outwards, to
    /// infinity if need be.
    pub fn bounds(&self) -> Bounds<f32, SIGNATURE_LEN> {
        Bounds::between(
            self.coordinates.map(|at| round_down(at - self.error)),
            self.coordinates.map(|at| round_up(at + self.error)),
        )
    }

    /// At most the distance from here to anything in the box.
    #[inline]
    pub fn bound(&self, bounds: &Bounds<f32, SIGNATURE_LEN>) -> f64 {
        // The rotation, the sum and the root are each off by far less.
        const SAFE: f64 = 1.0 - 1e-12;
        let [low, high] = bounds.corners();
        SAFE * root_of_squares(|i| {
            let below = f64::from(low[i]) - self.coordinates[i];
            let above = self.coordinates[i] - f64::from(high[i]);
            (below.max(above) - self.error).max(0.0)
        })
    }
}

/// One coordinate alone, in single precision: what the order of a build needs.
fn coordinate(signature: &Signature, axis: usize) -> f32 {
    let mut lanes = [0.0; 4];
    let (numbers, _) = signature.values().as_chunks::<4>();
    let (parts, _) = AXES[axis].as_chunks::<4>();
    for (numbers, parts) in numbers.iter().zip(parts) {
        for ((lane, &number), &part) in lanes.iter_mut().zip(numbers).zip(parts) {
            *lane += f64::from(number) * part;
        }
    }
    ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) as f32
}

/// `value` rounded to a float4 that is not above it.
fn round_down(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) > value { near.next_down() } else { near }
}

/// `value` rounded to a float4 that is not below it.
fn round_up(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) < value { near.next_up() } else { near }
}

/// Boxes of signatures lie along the axes.
impl Point<f32, SIGNATURE_LEN> for Signature {
    type Query = Rotated;

    /// 84 bytes each of 8,152.
    const LEAF_CAPACITY: usize = 97;
    /// 148 bytes each.
    const INNER_CAPACITY: usize = 55;

    fn query(&self) -> Rotated {
        Rotated::of(self)
    }

    fn coordinate(&self, axis: usize) -> f32 {
        coordinate(self, axis)
    }

    fn bounds(&self) -> Bounds<f32, SIGNATURE_LEN> {
        Rotated::of(self).bounds()
    }

    fn distance(&self, other: &Signature) -> f64 {
        self.distance(other)
    }

    #[inline]
    fn bound(query: &Rotated, bounds: &Bounds<f32, SIGNATURE_LEN>) -> f64 {
        query.bound(bounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_axes_are_orthonormal() {
        for (i, a) in AXES.iter().enumerate() {
            for (j, b) in AXES.iter().enumerate() {
                let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-14, "{i} {j}: {product}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_rotation_keeps_distances(
            a in proptest::array::uniform16(-1e3_f32..1e3),
            b in proptest::array::uniform16(-1e3_f32..1e3),
        ) {
            let [a, b] = [a, b].map(Signature::from_values);
            let [ra, rb] = [&a, &b].map(Rotated::of);
            let squares = ra.coordinates.iter().zip(rb.coordinates).map(|(a, b)| (a - b) * (a - b));
            let rotated = squares.sum::<f64>().sqrt();
            prop_assert!((rotated - a.distance(&b)).abs() <= 1e-12 * (1.0 + rotated));
            for axis in 0..SIGNATURE_LEN {
                let alone = f64::from(coordinate(&a, axis));
                prop_assert!((alone - ra.coordinates[axis]).abs() <= 1e-6 * 1e3);
            }
        }
    }
}
