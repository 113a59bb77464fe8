//! README says what is so.

use scurve::ledger;
use std::path::Path;

#[test]
fn the_map_is_the_generated_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let from = readme.find("<!-- map:").expect("a mark");
    let from = from + readme[from..].find("-->\n").expect("the mark's end") + 4;
    let to = readme.find("<!-- end of map -->").expect("the second mark");
    let ledger = ledger::read(&root.join("data/claims.csv")).unwrap();
    assert_eq!(
        readme[from..to].trim(),
        ledger::map(&ledger).trim(),
        "put the output of `scurve list --markdown` between the marks"
    );
    for experiment in scurve::experiment::registry() {
        let notebook = root.join(experiment.info().notebook_path());
        assert!(
            notebook.exists(),
            "{} names {}",
            experiment.info().id,
            notebook.display()
        );
    }
}
