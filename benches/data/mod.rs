//! The two sets of signatures that everything is measured on.
//!
//! *Photo-like*: a random row of `photo_signatures.csv` (3,000 crops of about
//! 120 photographs), moved at random in its logarithm by 0.35 of the file's own
//! covariance. *Uniform*: 16 independent numbers in 0..10.

mod random;

pub use random::Random;

impl Random {
    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

type Row = [f64; 16];

/// Draws photo-like signatures.
pub struct Photos {
    rows: Vec<Row>,
    factor: [Row; 16],
}

impl Photos {
    /// Reads the sample and factors its covariance.
    pub fn read() -> Self {
        let text = include_str!("photo_signatures.csv");
        let number = |word: &str| word.parse::<f64>().expect("a number");
        let rows: Vec<Row> = text
            .lines()
            .map(|line| {
                let numbers: Vec<f64> = line.split(',').map(number).collect();
                numbers.try_into().expect("16 numbers")
            })
            .collect();
        let logs: Vec<Row> = rows.iter().map(|row| row.map(|x| (x + 0.001).ln())).collect();
        Photos { factor: cholesky(&covariance(&logs)), rows }
    }

    /// One signature.
    pub fn draw(&self, random: &mut Random) -> [f32; 16] {
        let base = &self.rows[(random.bits() % self.rows.len() as u64) as usize];
        let z: Row = std::array::from_fn(|_| random.normal());
        std::array::from_fn(|i| {
            let moved: f64 = self.factor[i].iter().zip(z).map(|(a, z)| a * z).sum();
            (((base[i] + 0.001).ln() + 0.35 * moved).exp() - 0.001).max(0.0) as f32
        })
    }
}

/// One uniform signature.
pub fn uniform(random: &mut Random) -> [f32; 16] {
    std::array::from_fn(|_| (10.0 * random.unit()) as f32)
}

/// The covariance of some numbers.
pub fn covariance<const N: usize>(rows: &[[f64; N]]) -> [[f64; N]; N] {
    let n = rows.len() as f64;
    let mean: [f64; N] = std::array::from_fn(|i| rows.iter().map(|row| row[i]).sum::<f64>() / n);
    std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let products = rows.iter().map(|row| (row[i] - mean[i]) * (row[j] - mean[j]));
            products.sum::<f64>() / (n - 1.0)
        })
    })
}

/// The lower factor of a positive matrix.
pub fn cholesky<const N: usize>(matrix: &[[f64; N]; N]) -> [[f64; N]; N] {
    let mut factor = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            factor[i][j] = if i == j {
                (matrix[i][i] - sum).sqrt()
            } else {
                (matrix[i][j] - sum) / factor[j][j]
            };
        }
    }
    factor
}
