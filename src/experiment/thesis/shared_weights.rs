//! Fig. C.2: the modes of a network of three ReLUs with shared weights that learns the parity of three bits.
//!
//! Table `paths`, every seed: `start` (`equal`: α = β = γ, seed 0 alone; `random`), `t` (ηt), `first`, `second`, `third` (𝓡 of the modes), `total` (𝓡), `c` (c/S), `loss` (over S²).
//!
//! Table `checks`: `name`, `value`.

mod report;

use super::numbers::{even, named, ratios};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::layerwise::SharedParity;
use crate::seed::Seed;
use crate::table::Table;

settings! {
    /// Settings of Fig. C.2.
    pub struct SharedWeights {
        /// Target scale S; the figure does not give its own.
        scale: f64 = 5.0, 5.0, 5.0;
        /// α(0) = β(0) = γ(0) of the path `equal`, and the standard deviation of random ones; c(0) is 0. Not published.
        start: f64 = 0.01, 0.01, 0.01;
        /// End of the paths, ηt S.
        end: f64 = 12.0, 12.0, 12.0;
        /// Records of a path.
        records: usize = 300, 600, 2000;
        /// Random states at which the equations are compared.
        states: usize = 5, 50, 200;
        /// Number of seeds: of states and starts.
        seeds: u64 = 2, 32, 64;
    }
}

/// The modes, by the names of their columns.
const MODES: [&str; 3] = ["first", "second", "third"];

/// 𝓡 of the modes of the parity.
const ENDS: [f64; 3] = [0.5, 0.25, 0.25];

impl SharedWeights {
    fn net(&self) -> Result<SharedParity> {
        SharedParity::new(self.scale)
    }

    fn times(&self) -> Vec<f64> {
        even(self.end / self.scale, self.records)
    }

    fn path(&self, start: [f64; 4]) -> Result<Path> {
        let (net, t) = (self.net()?, self.times());
        let states = net.flow(start, &t)?;
        Ok(Path { net, t, states })
    }

    /// Random α, β, γ.
    fn random(&self, seed: Seed) -> [f64; 4] {
        let z = seed
            .normal("init", 1, 3)
            .row(0)
            .mapv(|z| (self.start * z).powi(2));
        [z[0], z[1], z[2], 0.0]
    }

    /// Largest difference of each equation from the network's gradient, over random states, relative to the largest rate; corrected and as printed.
    fn equations(&self, seed: Seed) -> Result<[[f64; 4]; 2]> {
        let net = self.net()?;
        let z = seed.normal("states", self.states, 4);
        let (mut apart, mut largest) = ([[0.0f64; 4]; 2], [0.0f64; 4]);
        for z in z.outer_iter() {
            let s = self.scale;
            let state = [z[0] * z[0] * s, z[1] * z[1] * s, z[2] * z[2] * s, z[3] * s];
            let right = net.velocity_of_network(state)?;
            let forms = [net.velocity(state), net.velocity_as_printed(state)];
            for q in 0..4 {
                largest[q] = largest[q].max(right[q].abs());
                for (apart, form) in apart.iter_mut().zip(&forms) {
                    apart[q] = apart[q].max((form[q] - right[q]).abs());
                }
            }
        }
        for apart in &mut apart {
            apart.iter_mut().zip(largest).for_each(|(x, y)| *x /= y);
        }
        Ok(apart)
    }

    /// The sigmoid of Eq. 4.11 that is nearest to 𝓡 with its own 𝓡(0): 1/𝓑² with ½ E and root mean square difference.
    fn sigmoid(&self, path: &Path) -> (f64, f64) {
        let total = path.total();
        let odds = 1.0 / total[0] - 1.0;
        let left = |slowing: f64| -> f64 {
            let pairs = path.t.iter().zip(&total);
            // The sum over eight inputs has eight times the gradient of the mean.
            let model = |t: f64| 1.0 / (1.0 + odds * (-16.0 * self.scale * t / slowing).exp());
            let squares = pairs.map(|(t, r)| (r - model(*t)).powi(2)).sum::<f64>();
            (squares / total.len() as f64).sqrt()
        };
        let candidates = ratios(0.2, 50.0, 2001).into_iter().map(|c| (c, left(c)));
        let best = candidates.min_by(|a, b| a.1.total_cmp(&b.1));
        best.unwrap_or((f64::NAN, f64::NAN))
    }
}

/// A solved path.
struct Path {
    net: SharedParity,
    t: Vec<f64>,
    states: Vec<[f64; 4]>,
}

impl Path {
    fn mode(&self, q: usize) -> Vec<f64> {
        let own = self.states.iter().map(|s| self.net.strengths(*s)[q]);
        own.collect()
    }

    fn total(&self) -> Vec<f64> {
        let all = self.states.iter().map(|s| self.net.strengths(*s));
        all.map(|r| r.iter().sum()).collect()
    }

    fn constant(&self) -> Vec<f64> {
        self.states
            .iter()
            .map(|s| s[3] / self.net.scale())
            .collect()
    }

    /// When `values` pass `level` for the last time.
    fn reaches(&self, values: &[f64], level: f64) -> f64 {
        match values
            .windows(2)
            .rposition(|pair| pair[0] < level && pair[1] >= level)
        {
            Some(i) => {
                let part = (level - values[i]) / (values[i + 1] - values[i]);
                self.t[i] + part * (self.t[i + 1] - self.t[i])
            }
            None => f64::NAN,
        }
    }

    /// Root mean square distance of mode `q`, over its end, from the nearest sigmoid through its half.
    fn sigmoidal(&self, q: usize) -> f64 {
        let (values, end) = (&self.mode(q), ENDS[q]);
        let half = self.reaches(values, 0.5 * end);
        let left = |rate: f64| -> f64 {
            let pairs = self.t.iter().zip(values);
            let squares = pairs
                .map(|(t, r)| (r / end - 1.0 / (1.0 + (-rate * (t - half)).exp())).powi(2))
                .sum::<f64>();
            (squares / values.len() as f64).sqrt()
        };
        let rates = ratios(0.1, 1000.0, 1001)
            .into_iter()
            .map(|r| r * self.net.scale());
        rates.map(left).fold(f64::INFINITY, f64::min)
    }

    fn table(&self, start: &str) -> Result<Table> {
        let squares = self.net.scale() * self.net.scale();
        let loss = self.states.iter().map(|s| self.net.loss(*s) / squares);
        let mut table = Table::new().with("t", self.t.clone())?;
        for (q, name) in MODES.into_iter().enumerate() {
            table = table.with(name, self.mode(q))?;
        }
        table
            .with("total", self.total())?
            .with("c", self.constant())?
            .with("loss", loss.collect::<Vec<_>>())?
            .led_by("start", start)
    }
}

impl Experiment for SharedWeights {
    const INFO: Info = Info {
        id: "thesis/fig-c.2",
        title: "Modes of a network with shared weights (Fig. C.2)",
        document: Document::Thesis,
        section: "App. C.4",
        notebook: "thesis/09-emergence",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        positive("scale", self.scale)?;
        positive("start", self.start)?;
        if self.start * self.start >= 0.1 * self.scale {
            return Err(Error::setting(
                "start",
                self.start,
                format!("small: its square below a tenth of S = {}", self.scale),
            ));
        }
        positive("end", self.end)?;
        whole("records", self.records, 50, 100_000)?;
        whole("states", self.states, 1, 1_000_000)
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        progress.check()?;
        let [corrected, printed] = self.equations(seed)?;
        let random = self.path(self.random(seed))?;
        let modes = [random.mode(0), random.mode(1), random.mode(2)];
        let (total, constant) = (random.total(), random.constant());
        let at = |values: &[f64], level: f64| random.reaches(values, level);
        let half = [0, 1, 2].map(|q| at(&modes[q], 0.5 * ENDS[q]));
        let full = [0, 1, 2].map(|q| at(&modes[q], 0.9 * ENDS[q]));
        // c when the first of the modes is half learned.
        let first = half.iter().copied().fold(f64::INFINITY, f64::min);
        let met = random.t.iter().rposition(|t| *t <= first).unwrap_or(0);
        let before = constant[..=met].iter().copied().fold(0.0, f64::max);
        let (slowing, _) = self.sigmoid(&random);
        let mut tables = Tables::new();
        let mut paths = vec![random.table("random")?];
        if seed.0 == 0 {
            let square = self.start * self.start;
            paths.push(self.path([square, square, square, 0.0])?.table("equal")?);
        }
        tables.insert("paths".into(), Table::concat(paths)?);
        tables.insert(
            "checks".into(),
            named(&[
                ("corrected", corrected.iter().copied().fold(0.0, f64::max)),
                ("c.15", printed[0]),
                ("c.16", printed[1]),
                ("c.17", printed[2]),
                ("c.18", printed[3]),
                ("fitted", self.fitted()?),
                ("half_1", half[0]),
                ("half_2", half[1]),
                ("half_3", half[2]),
                ("full_1", full[0]),
                ("full_2", full[1]),
                ("full_3", full[2]),
                ("sigmoid_1", random.sigmoidal(0)),
                ("sigmoid_2", random.sigmoidal(1)),
                ("sigmoid_3", random.sigmoidal(2)),
                ("c_at_first", constant[met]),
                ("c_before", before),
                ("c_end", constant[constant.len() - 1]),
                ("slowing", slowing),
                (
                    "tail",
                    (at(&total, 0.95) - at(&total, 0.5)) / (at(&total, 0.5) - at(&total, 0.05)),
                ),
                ("total", total[total.len() - 1]),
            ])?,
        );
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

impl SharedWeights {
    /// Largest |f − Y|/S at α = β = γ = √(2S), c = −S.
    fn fitted(&self) -> Result<f64> {
        let net = self.net()?;
        let end = 2.0 * self.scale;
        let outputs = net.outputs([end, end, end, -self.scale]);
        let pairs = outputs.into_iter().zip(net.targets());
        Ok(pairs.map(|(f, y)| (f - y).abs()).fold(0.0, f64::max) / self.scale)
    }
}
