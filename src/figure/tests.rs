//! The figure as a whole.

use super::*;
use sha2::{Digest, Sha256};

fn curve(phase: f64) -> (Vec<f64>, Vec<f64>) {
    let t: Vec<f64> = (1..=400).map(f64::from).collect();
    let y = t
        .iter()
        .map(|t| 1.0 / (1.0 + (0.03 * t - 4.0 - phase).exp()) + 1e-3)
        .collect();
    (t, y)
}

/// One of every mark.
fn everything() -> Figure {
    let (t, y) = curve(0.0);
    let (low, high): (Vec<f64>, Vec<f64>) = y.iter().map(|v| (0.8 * v, 1.2 * v)).unzip();
    let lines = (0..8).map(|i| curve(f64::from(i) * 0.2)).collect();
    let cells: Vec<f64> = (0..12).map(f64::from).collect();
    let categories = ["SGD", "Adam & co", "Lion"];
    Figure::new("Everything <at once>")
        .columns(2)
        .panel(
            Panel::new("Lines")
                .x("time η t")
                .y("loss ‖W‖^{2}")
                .log_x()
                .log_y()
                .light_lines("seeds", lines)
                .line("seeds", &t, &y)
                .band("", &t, &low, &high)
                .v_line(100.0, "here")
                .h_line(0.1, "there")
                .text(10.0, 0.5, "note"),
        )
        .panel(
            Panel::new("Points")
                .scatter("a", &t, &y)
                .error_bars("b", &t[..5], &y[..5], &low[..5], &high[..5])
                .diagonal(),
        )
        .panel(Panel::new("Counts").histogram("h", &y, 20))
        .panel(
            Panel::new("Bars")
                .bars("one", &categories, &[1.0, -2.0, 3.0])
                .bars_with_interval(
                    "two",
                    &categories,
                    &[2.0, 1.0, 0.5],
                    &[1.5, 0.5, 0.2],
                    &[2.5, 1.5, 0.9],
                ),
        )
        .panel(Panel::new("Cells").heat_map(
            &[0.0, 1.0, 2.0],
            &[0.0, 1.0, 2.0, 4.0],
            &cells,
            "value",
            false,
        ))
        .note("A note.")
}

/// Tags nest and close, attributes are quoted, text has no stray markup.
fn assert_well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        assert!(
            !rest[..start].contains('>'),
            "stray > in {:?}",
            &rest[..start]
        );
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<'), "{tag}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .unwrap();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name)),
            (false, false) => open.push(name),
            (false, true) => {}
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty());
    let entities = svg.split('&').skip(1).all(|s| {
        ["lt;", "gt;", "amp;", "quot;", "apos;", "#39;"]
            .iter()
            .any(|e| s.starts_with(e))
    });
    assert!(entities && !svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn the_svg_is_well_formed_and_small() {
    let svg = everything().svg().unwrap();
    assert_well_formed(&svg);
    assert!(
        svg.contains("Everything &lt;at once&gt;")
            && svg.contains("seeds")
            && svg.contains("<tspan")
    );
    assert!(!svg.contains("id=") && svg.len() < 60_000, "{}", svg.len());
}

#[test]
fn many_seeds_stay_a_small_file() {
    let noisy = |seed: u64| {
        let mut state = seed;
        let mut noise = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as f64 / 2f64.powi(31) - 0.5
        };
        let (t, y) = curve((seed % 32) as f64 / 10.0);
        let y = y.iter().map(|v| v * (1.0 + 0.03 * noise())).collect();
        (t, y)
    };
    let panel = |k: u64| {
        Panel::new("32 seeds")
            .log_x()
            .log_y()
            .light_lines("seeds", (0..32).map(|s| noisy(32 * k + s)).collect())
    };
    let svg = Figure::new("")
        .panels((0..4).map(panel).collect())
        .svg()
        .unwrap();
    assert!(svg.len() < 60_000, "{} bytes", svg.len());
}

#[test]
fn very_many_points_stay_a_small_file() {
    let x: Vec<f64> = (0..200_000).map(|i| f64::from(i % 997)).collect();
    let y: Vec<f64> = (0..200_000).map(|i| f64::from(i % 31) * 0.5).collect();
    let style = Style::new().alpha(1.0);
    let panel = Panel::new("").scatter("p", &x, &y).styled(style);
    let svg = Figure::new("")
        .panel(panel.line("l", &x, &y))
        .svg()
        .unwrap();
    assert!(svg.len() < 1_000_000, "{} bytes", svg.len());
}

#[test]
fn the_png_is_the_same_every_time_and_in_every_thread() {
    let png = everything().png().unwrap();
    let others: Vec<Vec<u8>> = (0..3)
        .map(|_| std::thread::spawn(|| everything().png().unwrap()))
        .map(|t| t.join().unwrap())
        .collect();
    assert!(others.iter().all(|other| *other == png));
}

#[test]
fn the_png_has_known_pixels() {
    let x = [0.0, 1.0, 2.0, 3.0];
    let panel = Panel::new("Known")
        .x("x_{1}")
        .y("y")
        .line("a", &x, &[0.0, 1.0, 0.5, 2.0])
        .band("a", &x, &[0.0; 4], &[1.0; 4]);
    let png = Figure::new("")
        .panel(panel.scatter("b", &x, &[1.0; 4]))
        .png()
        .unwrap();
    let mut reader = png::Decoder::new(&png[..]).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size()];
    reader.next_frame(&mut pixels).unwrap();
    let hash: String = Sha256::digest(&pixels)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    // After a change of the theme, look at the picture, then write its hash here.
    assert_eq!(
        hash,
        "c33e70ce0fffc17bd593a767370d1a9af2df3e610037a22cdc1dfe8c384b3af8",
        "{} bytes",
        png.len()
    );
}

#[test]
fn what_cannot_be_drawn_is_refused_with_its_name() {
    let refuse = |panel: Panel, part: &str| {
        let message = Figure::new("").panel(panel).svg().unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    };
    let x = [0.0, 1.0];
    refuse(
        Panel::new("").line("loss", &x, &[1.0]),
        "line “loss”: length of ys = 1",
    );
    refuse(
        Panel::new("").band("b", &x, &[1.0], &x),
        "band “b”: length of low",
    );
    refuse(
        Panel::new("").light_lines("s", vec![(vec![1.0], vec![])]),
        "light lines “s”, line 0: length of ys = 0",
    );
    refuse(
        Panel::new("").histogram("h", &x, 0),
        "histogram “h”: bins = 0",
    );
    refuse(
        Panel::new("").heat_map(&x, &x, &x, "", false),
        "heat map: length of values = 2",
    );
    refuse(
        Panel::new("").heat_map(&[1.0, 0.0], &x, &[0.0; 4], "", false),
        "strictly increasing",
    );
    refuse(
        Panel::new("p").x_range(1.0, 1.0),
        "panel “p”: x_range = (1, 1)",
    );
    refuse(Panel::new("p").log_y().y_range(0.0, 1.0), "both positive");
    refuse(Panel::new("").line_ordered("m", 3, 3, &x, &x), "index = 3");
    refuse(
        Panel::new("")
            .line("l", &x, &x)
            .styled(Style::new().width(f64::NAN)),
        "width = NaN",
    );
    refuse(
        Panel::new("")
            .bars("a", &["u"], &[1.0])
            .bars("b", &["v"], &[1.0]),
        "bars “b”: categories",
    );
    assert!(
        Figure::new("")
            .size(1.0, 1.0)
            .svg()
            .unwrap_err()
            .to_string()
            .contains("size")
    );
    assert!(
        Figure::new("")
            .columns(0)
            .svg()
            .unwrap_err()
            .to_string()
            .contains("columns = 0")
    );
}

#[test]
fn odd_data_is_drawn() {
    let nan = f64::NAN;
    let odd = [nan, f64::INFINITY, -1.0, 0.0, 1e-320, 1e308, 5.0];
    for log in [false, true] {
        let x: Vec<f64> = (0..7).map(f64::from).collect();
        let mut panel = Panel::new("")
            .line("l", &x, &odd)
            .band("b", &x, &odd, &odd)
            .scatter("s", &odd, &x);
        panel = panel
            .error_bars("e", &x, &odd, &odd, &odd)
            .histogram("h", &odd, 5)
            .light_lines("n", vec![]);
        panel = panel
            .v_line(nan, "v")
            .h_line(f64::INFINITY, "h")
            .text(nan, 1.0, "t")
            .diagonal()
            .line("", &[], &[]);
        panel = if log { panel.log_x().log_y() } else { panel };
        assert_well_formed(&Figure::new("").panel(panel.clone()).svg().unwrap());
        assert!(Figure::new("").panel(panel).png().unwrap().len() > 1000);
    }
    for figure in [Figure::new(""), Figure::new("t").panel(Panel::new(""))] {
        assert_well_formed(&figure.svg().unwrap());
        assert!(!figure.png().unwrap().is_empty());
    }
    let all_nan = Panel::new("").heat_map(&[1.0], &[1.0], &[nan], "", true);
    assert_well_formed(
        &Figure::new("")
            .panel(all_nan.clone().colour_map(ColourMap::Diverging))
            .svg()
            .unwrap(),
    );
    assert_well_formed(
        &Figure::new("")
            .panel(all_nan.x_range(0.9, 1.0).log_x())
            .svg()
            .unwrap(),
    );
}

#[test]
fn lost_values_are_counted_in_the_panel() {
    let svg = Figure::new("")
        .panel(
            Panel::new("")
                .log_y()
                .line("l", &[1.0, 2.0, 3.0], &[1.0, 0.0, -2.0]),
        )
        .svg()
        .unwrap();
    assert!(svg.contains("2 values ≤ 0 not shown"));
}

#[test]
fn legends_are_shared_where_series_are() {
    let x = [0.0, 1.0];
    let same = Figure::new("")
        .panel(Panel::new("").line("aa", &x, &x))
        .panel(Panel::new("").line("aa", &x, &x));
    assert_eq!(same.svg().unwrap().matches(">aa<").count(), 1);
    let other = Figure::new("")
        .panel(Panel::new("").line("aa", &x, &x))
        .panel(Panel::new("").line("bb", &x, &x));
    let svg = other.svg().unwrap();
    assert_eq!(
        (svg.matches(">aa<").count(), svg.matches(">bb<").count()),
        (1, 1)
    );
    let none = Figure::new("").panel(Panel::new("").line("aa", &x, &x).legend(Legend::None));
    assert!(!none.svg().unwrap().contains(">aa<"));
}

#[test]
fn saving_goes_by_the_extension() {
    let folder = tempfile::tempdir().unwrap();
    let figure = everything();
    figure.save(folder.path().join("f.svg")).unwrap();
    figure.save(folder.path().join("f.PNG")).unwrap();
    assert_eq!(
        std::fs::read_to_string(folder.path().join("f.svg")).unwrap(),
        figure.svg().unwrap()
    );
    assert_eq!(
        std::fs::read(folder.path().join("f.PNG")).unwrap(),
        figure.png().unwrap()
    );
    assert!(
        figure
            .save(folder.path().join("f.pdf"))
            .unwrap_err()
            .to_string()
            .contains(".svg or .png")
    );
    assert!(matches!(
        figure.save(folder.path().join("no/f.svg")),
        Err(Error::Io { .. })
    ));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn figures_by_name() {
    let figures = Figures::new()
        .with("a", everything())
        .with("b", Figure::new("x"));
    assert_eq!(figures.html().unwrap().matches("<svg").count(), 2);
    assert!(
        figures.get("a").is_ok()
            && figures
                .get("c")
                .unwrap_err()
                .to_string()
                .contains("there are: a, b")
    );
}
