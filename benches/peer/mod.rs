//! What the benchmarks share: the Python program that does the same work, run beside ours, and the fastest of some runs.

#![allow(dead_code, reason = "each benchmark uses its part")]

use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The Python that runs the programs, with torch and numpy; without one a line says what is missing.
pub fn python() -> Option<String> {
    let python = std::env::var("SCURVE_TORCH_PYTHON").ok();
    if python.is_none() {
        println!(
            "the Python programs were not measured: SCURVE_TORCH_PYTHON is not set. `make bench` makes such a Python and sets it."
        );
    }
    python
}

/// What `benches/<script>` answers to the arguments and the input.
pub fn answer(
    python: &str,
    script: &str,
    arguments: &[String],
    input: &[u8],
) -> Result<Value, String> {
    let script = format!("{}/benches/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new(python)
        .arg(&script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot start {python}: {e}"))?;
    // Dropped at the end of the statement, so that Python sees the end of its input.
    child
        .stdin
        .take()
        .ok_or("no standard input")?
        .write_all(input)
        .map_err(|e| e.to_string())?;
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("{python} cannot run {script}; does it have torch and numpy?"))
}

/// The numbers of a list in the answer.
pub fn numbers(answer: &Value, key: &str) -> Vec<f64> {
    let list = answer[key].as_array().into_iter().flatten();
    list.filter_map(Value::as_f64).collect()
}

/// The least of them: the fastest of some runs.
pub fn least(answer: &Value, key: &str) -> f64 {
    numbers(answer, key)
        .into_iter()
        .fold(f64::INFINITY, f64::min)
}

/// Seconds of the fastest of our runs.
pub fn fastest(runs: usize, mut run: impl FnMut()) -> f64 {
    let seconds = (0..runs).map(|_| {
        let begin = Instant::now();
        run();
        begin.elapsed().as_secs_f64()
    });
    seconds.fold(f64::INFINITY, f64::min)
}
