//! Sweeps from a notebook cell: an experiment of the cell's own, on threads of this process.

use scurve::claim::Claims;
use scurve::error::{Error, Result};
use scurve::experiment::{Document, Experiment, Info, Outcome, Progress, Scale, Settings, Tables};
use scurve::figure::Figures;
use scurve::polars::prelude::{IntoLazy, col};
use scurve::seed::Seed;
use scurve::sweep::{Status, Sweep};
use scurve::table::Table;
use std::collections::BTreeMap;
use std::path::Path;

scurve::settings! {
    /// Settings of an experiment that has everything that can happen.
    pub struct Events {
        /// What happens: nothing, `fail`, `panic` or `diverge`.
        event: String = String::new(), String::new(), String::new();
        /// A number.
        alpha: f64 = 1.0, 1.0, 1.0;
        /// A list.
        sizes: Vec<usize> = vec![1], vec![1], vec![1];
        /// Number of seeds.
        seeds: u64 = 2, 2, 2;
    }
}

impl Experiment for Events {
    const INFO: Info = Info {
        id: "tests/events",
        title: "Everything that can happen",
        document: Document::SCurves,
        section: "none",
        notebook: "none",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        match self.alpha > 0.0 {
            true => Ok(()),
            false => Err(Error::setting("alpha", self.alpha, "a number > 0")),
        }
    }

    fn run_seed(&self, seed: Seed, _progress: &Progress) -> Result<Tables> {
        // What fails fails while the file is there.
        match self.event.split_once(':') {
            Some(("fail", file)) if Path::new(file).exists() && seed.0 == 1 => {
                return Err(Error::Linalg("a singular matrix".into()));
            }
            Some(("panic", file)) if Path::new(file).exists() && seed.0 == 0 => {
                panic!("index 7 of 3")
            }
            _ if self.event == "diverge" => {
                return Err(Error::Diverged {
                    what: "loss".into(),
                    step: 12,
                });
            }
            _ => {}
        }
        let x = self.alpha * (1 + seed.0) as f64;
        let last = Table::new()
            .with("alpha", vec![x])?
            .with("size", self.sizes.clone())?;
        let curve = Table::new()
            .with("step", vec![0, 1, 2])?
            .with("x", vec![0.0, x / 2.0, x])?;
        Ok(BTreeMap::from([
            ("last".into(), last),
            ("curve".into(), curve),
        ]))
    }

    fn draw(&self, _: &Outcome) -> Result<Figures> {
        Ok(Figures::new())
    }

    fn measure(&self, _: &Outcome) -> Result<Claims> {
        Ok(Claims(Vec::new()))
    }
}

fn preset() -> Events {
    Events::preset(Scale::Check)
}

#[test]
fn an_experiment_of_the_cell_sweeps() {
    let dir = tempfile::tempdir().unwrap();
    let sweep = Sweep::of(&preset())
        .grid("alpha", [0.5, 1.0, 2.0])
        .grid("sizes", [vec![1], vec![7]])
        .seeds(0..3);
    let swept = sweep
        .clone()
        .jobs(3)
        .into_folder(dir.path().join("a"))
        .run()
        .unwrap();
    assert_eq!((swept.status().rows, swept.status().done), (18, 18));
    let ran = swept.ran().unwrap();
    assert_eq!((ran.tally.done, ran.seconds.len()), (18, 18));
    let curve = swept.table("curve").unwrap();
    assert_eq!(
        (curve.names(), curve.height()),
        (
            ["alpha", "sizes", "seed", "step", "x"]
                .map(String::from)
                .to_vec(),
            54
        )
    );
    assert_eq!(
        curve.f64s("x").unwrap()[..6],
        [0.0, 0.25, 0.5, 0.0, 0.5, 1.0]
    );
    // The table's own column keeps its name, and the grid's says that it is the grid's.
    let last = swept.table("last").unwrap();
    assert_eq!(
        last.names(),
        ["grid.alpha", "sizes", "seed", "alpha", "size"]
    );
    assert_eq!(last.strs("sizes").unwrap()[3], "[7]");
    // Lazily over the shards it is the same.
    for name in ["curve", "last"] {
        let shards: Table = swept.shards(name).unwrap().collect().unwrap().into();
        assert_eq!(shards, swept.table(name).unwrap(), "{name}");
    }
    let most = swept
        .lazy("curve")
        .unwrap()
        .filter(col("step").eq(2))
        .select([col("x").max()])
        .collect()
        .unwrap();
    assert_eq!(Table::from(most).f64s("x").unwrap(), [6.0]);
    assert_eq!(curve.df().clone().lazy().collect().unwrap().height(), 54);
    assert!(matches!(swept.table("curv"), Err(Error::Unknown { .. })));
    // Fewer threads, another folder: the same bytes; again in the same folder: nothing is computed.
    let other = sweep
        .clone()
        .jobs(1)
        .into_folder(dir.path().join("b"))
        .run()
        .unwrap();
    for name in swept.table_names() {
        let read = |s: &scurve::sweep::Swept| {
            std::fs::read(s.folder().join(format!("merged/{name}.parquet"))).unwrap()
        };
        assert!(read(&swept) == read(&other), "{name}");
    }
    let again = sweep.into_folder(dir.path().join("b")).run().unwrap();
    assert_eq!(
        (
            again.ran().unwrap().tally.kept,
            again.ran().unwrap().tally.done
        ),
        (18, 0)
    );
}

#[test]
fn a_bad_value_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a");
    let refused = |sweep: Sweep| sweep.into_folder(&folder).run().unwrap_err().to_string();
    let sweep = || Sweep::of(&preset());
    assert!(refused(sweep().grid("alpha", [1.0, -1.0])).contains("alpha = -1"));
    assert!(refused(sweep().grid("alfa", [1.0])).contains("did you mean `alpha`"));
    assert!(refused(sweep().grid("alpha", [0.0; 0])).contains("at least one value"));
    assert!(refused(sweep().grid("sizes", ["ten"])).contains("sizes"));
    assert!(refused(sweep().seeds(3..3)).contains("seed"));
    assert!(refused(sweep().jobs(0)).contains("jobs = 0"));
    assert!(!folder.exists());
}

#[test]
fn failures_are_recorded_and_tried_again_and_divergence_is_a_result() {
    let dir = tempfile::tempdir().unwrap();
    let broken = dir.path().join("broken");
    std::fs::write(&broken, "").unwrap();
    let events = ["fail", "panic"].map(|e| format!("{e}:{}", broken.display()));
    let events: Vec<String> = events
        .into_iter()
        .chain(["diverge".to_string(), "none".to_string()])
        .collect();
    let sweep = Sweep::of(&preset())
        .grid("event", events)
        .seeds(0..2)
        .into_folder(dir.path().join("a"));
    let why = sweep.run().unwrap_err().to_string();
    assert!(
        why.contains("2 of 8 rows are missing")
            && why.contains("2 failed")
            && why.contains("singular"),
        "{why}"
    );
    let status = Status::of(&sweep.plan().unwrap()).unwrap();
    assert_eq!((status.done, status.diverged), (6, 2));
    assert_eq!(
        status.failed[0],
        (1, "linear algebra: a singular matrix".into())
    );
    assert_eq!(status.failed[1], (2, "panicked: index 7 of 3".into()));
    assert!(!status.to_string().is_empty());
    std::fs::remove_file(&broken).unwrap();
    let swept = sweep.run().unwrap();
    assert_eq!((swept.status().done, swept.status().failed.len()), (8, 0));
    assert_eq!(swept.ran().unwrap().tally.done, 2);
    let rows = swept.table("_rows").unwrap();
    assert_eq!(rows.strs("state").unwrap()[4..6], ["diverged", "diverged"]);
    assert_eq!(rows.f64s("diverged_at").unwrap()[4], 12.0);
}

#[test]
fn what_fails_everywhere_stops_early() {
    let dir = tempfile::tempdir().unwrap();
    let broken = dir.path().join("broken");
    std::fs::write(&broken, "").unwrap();
    let event = format!("fail:{}", broken.display());
    let sweep = Sweep::of(&Events { event, ..preset() });
    let alphas: Vec<f64> = (1..200).map(f64::from).collect();
    let sweep = sweep
        .grid("alpha", alphas)
        .these_seeds("1..1".parse().unwrap())
        .jobs(1)
        .into_folder(dir.path().join("a"));
    let why = sweep.run().unwrap_err().to_string();
    assert!(why.contains("the first 20 rows all failed"), "{why}");
    assert_eq!(Status::of(&sweep.plan().unwrap()).unwrap().failed.len(), 20);
}
