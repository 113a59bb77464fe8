//! What a run of the Resource model leaves behind.

use crate::error::{Error, Result};
use crate::table::Table;
use ndarray::Array2;

/// The unskills of n skills at T times.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceTrajectory {
    /// Times, in the order in which they were asked for.
    pub time: Vec<f64>,
    /// u_i = 1 − s_i, T × n.
    pub unskill: Array2<f64>,
    /// The frequencies p.
    pub frequencies: Vec<f64>,
}

impl ResourceTrajectory {
    pub(in crate::model::skill) fn new(
        time: Vec<f64>,
        unskill: Vec<f64>,
        p: &[f64],
    ) -> Result<Self> {
        let unskill = Array2::from_shape_vec((time.len(), p.len()), unskill)
            .map_err(|e| Error::Solver(format!("the records do not fit their times: {e}")))?;
        Ok(Self {
            time,
            unskill,
            frequencies: p.to_vec(),
        })
    }

    /// s_i = 1 − u_i, T × n.
    pub fn skills(&self) -> Array2<f64> {
        self.unskill.mapv(|u| 1.0 - u)
    }

    /// Σ p_i u_i², the loss of the Geometry model with the squared error, T.
    pub fn loss(&self) -> Vec<f64> {
        let of = |row: ndarray::ArrayView1<f64>| {
            row.iter()
                .zip(&self.frequencies)
                .map(|(u, p)| p * u * u)
                .sum()
        };
        self.unskill.outer_iter().map(of).collect()
    }

    /// ln u_i / p_i, T × n: the same for all skills, ln C, when they start from u = 1 (Appendix A). −∞ for a learned skill, NaN for u < 0.
    pub fn log_collapse(&self) -> Array2<f64> {
        let mut out = self.unskill.mapv(f64::ln);
        for mut row in out.outer_iter_mut() {
            row.iter_mut()
                .zip(&self.frequencies)
                .for_each(|(x, p)| *x /= p);
        }
        out
    }

    /// max(u_i, 0)^(1/p_i), T × n: the collapsed curves of Fig. 21.
    pub fn collapse(&self) -> Array2<f64> {
        let mut out = self.unskill.clone();
        for mut row in out.outer_iter_mut() {
            row.iter_mut()
                .zip(&self.frequencies)
                .for_each(|(u, p)| *u = u.max(0.0).powf(1.0 / p));
        }
        out
    }

    /// The conserved quantities $\ln u_i/p_i - \ln u_k/p_k$ beside the skill k = `reference`, T × n.
    ///
    /// NOTE: the printed $u_i^{1/p_i} - u_k^{1/p_k}$ is constant only when all skills start from u = 1, where it is 0.
    ///
    /// # Errors
    /// No skill `reference`.
    pub fn conserved(&self, reference: usize) -> Result<Array2<f64>> {
        let n = self.frequencies.len();
        if reference >= n {
            return Err(Error::setting(
                "reference",
                reference,
                format!("a skill from 0 to {}", n - 1),
            ));
        }
        let mut out = self.log_collapse();
        for mut row in out.outer_iter_mut() {
            let base = row[reference];
            row.iter_mut().for_each(|x| *x -= base);
        }
        Ok(out)
    }

    /// When each skill first rises to the level s = `level`, between records by a straight line; NaN when it does not. Times must ascend.
    pub fn learning_times(&self, level: f64) -> Vec<f64> {
        let crossing = |u: ndarray::ArrayView1<f64>| {
            let left = 1.0 - level;
            let Some(k) = u.iter().position(|u| *u <= left) else {
                return f64::NAN;
            };
            if k == 0 || u[k] == left {
                return self.time[k];
            }
            let share = (u[k - 1] - left) / (u[k - 1] - u[k]);
            self.time[k - 1] + share * (self.time[k] - self.time[k - 1])
        };
        self.unskill.columns().into_iter().map(crossing).collect()
    }

    /// The skills (from 0) in the order in which they reach `level`; those that do not are left out.
    pub fn order(&self, level: f64) -> Vec<usize> {
        let times = self.learning_times(level);
        let mut order: Vec<usize> = (0..times.len()).filter(|i| !times[*i].is_nan()).collect();
        order.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
        order
    }

    /// One row for each time and skill: time, skill (from 1), frequency, unskill, level s.
    pub fn table(&self) -> Result<Table> {
        let n = self.frequencies.len();
        let each = |f: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            (0..self.time.len() * n).map(|k| f(k / n, k % n)).collect()
        };
        Table::new()
            .with("time", each(&|t, _| self.time[t]))?
            .with(
                "skill",
                (0..self.time.len() * n)
                    .map(|k| k % n + 1)
                    .collect::<Vec<_>>(),
            )?
            .with("p", each(&|_, i| self.frequencies[i]))?
            .with("unskill", each(&|t, i| self.unskill[[t, i]]))?
            .with("level", each(&|t, i| 1.0 - self.unskill[[t, i]]))
    }

    /// Shows the records in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => println!("{e}"),
        }
    }
}
