//! Where ticks stand and what they say.

/// A tick with its label (markup).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub value: f64,
    pub label: String,
}

/// Labelled ticks, and small ones between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ticks {
    pub major: Vec<Tick>,
    pub minor: Vec<f64>,
}

/// Ticks of a linear axis from `low` to `high` at multiples of 1, 2 or 5 times a power of ten, at most about `most`.
pub(crate) fn linear(low: f64, high: f64, most: usize) -> Ticks {
    let most = most.max(2);
    let rough = (high / most as f64) - (low / most as f64);
    if !(rough > 0.0 && rough.is_finite()) {
        return Ticks {
            major: vec![Tick {
                value: low,
                label: number(low, 3),
            }],
            minor: Vec::new(),
        };
    }
    let mut power = rough.log10().floor() as i32;
    let mut factor = 1;
    // The smallest nice step that leaves at most `most` intervals.
    for (candidate, up) in [(1, 0), (2, 0), (5, 0), (1, 1)] {
        (factor, power) = (candidate, rough.log10().floor() as i32 + up);
        if f64::from(factor) * ten_to(power) >= rough * (1.0 - 1e-9) {
            break;
        }
    }
    let value = |index: f64| {
        // Divide for negative powers: 3 / 10 is 0.3, 3 × 0.1 is 0.30000000000000004.
        let n = index * f64::from(factor);
        if power < 0 {
            n / ten_to(-power)
        } else {
            n * ten_to(power)
        }
    };
    let step = value(1.0);
    let slack = 1e-9;
    let first = (low / step - slack).ceil();
    let count = ((high / step + slack).floor() - first).max(0.0) as usize;
    let values: Vec<f64> = (0..=count.min(100))
        .map(|i| value(first + i as f64))
        .collect();
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let labels = linear_labels(&values, largest, power);
    let major = values
        .into_iter()
        .zip(labels)
        .map(|(value, label)| Tick { value, label })
        .collect();
    Ticks {
        major,
        minor: Vec::new(),
    }
}

/// 10ⁿ, exact where a double can be: no running product.
fn ten_to(n: i32) -> f64 {
    format!("1e{n}").parse().unwrap_or(f64::INFINITY)
}

/// Labels of multiples of a step of order 10^`power`: plain up to 99 999, else with one power of ten for the whole axis.
fn linear_labels(values: &[f64], largest: f64, power: i32) -> Vec<String> {
    let order = if largest > 0.0 {
        largest.log10().floor() as i32
    } else {
        0
    };
    if (-4..=4).contains(&order) && power >= -6 || largest == 0.0 {
        let decimals = (-power).max(0) as usize;
        return values.iter().map(|&v| fixed(v, decimals)).collect();
    }
    let decimals = (order - power).max(0) as usize;
    let mantissa = |v: f64| {
        if order < 0 {
            v * ten_to(-order)
        } else {
            v / ten_to(order)
        }
    };
    values
        .iter()
        .map(|&v| match fixed(mantissa(v), decimals).as_str() {
            m if v == 0.0 || m == "0" => "0".to_string(),
            "1" => format!("10^{{{}}}", exponent(order)),
            "−1" => format!("−10^{{{}}}", exponent(order)),
            m => format!("{m}×10^{{{}}}", exponent(order)),
        })
        .collect()
}

/// `v` with `decimals` decimals, a true minus sign, no minus zero, thin spaces between thousands from 10 000 on.
fn fixed(v: f64, decimals: usize) -> String {
    let text = format!("{:.*}", decimals, v.abs());
    let (whole, part) = text
        .split_once('.')
        .map_or((text.as_str(), ""), |(w, p)| (w, p));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && whole.len() > 4 && (whole.len() - i).is_multiple_of(3) {
            grouped.push('\u{2009}');
        }
        grouped.push(digit);
    }
    let zero = text.chars().all(|c| c == '0' || c == '.');
    let sign = if v < 0.0 && !zero { "−" } else { "" };
    match part {
        "" => format!("{sign}{grouped}"),
        _ if zero => "0".to_string(),
        _ => format!("{sign}{grouped}.{part}"),
    }
}

fn exponent(n: i32) -> String {
    if n < 0 {
        format!("−{}", -n)
    } else {
        n.to_string()
    }
}

/// A number by itself with `digits` significant digits, as markup: `0.05`, `12 300`, `1.2×10^{−7}`.
pub(crate) fn number(v: f64, digits: usize) -> String {
    if v == 0.0 || !v.is_finite() {
        return if v == 0.0 {
            "0".into()
        } else if v.is_nan() {
            "NaN".into()
        } else {
            fixed_infinity(v)
        };
    }
    let text = format!("{:.*e}", digits.max(1) - 1, v.abs());
    let (mantissa, order) = text.split_once('e').unwrap_or((text.as_str(), "0"));
    let order: i32 = order.parse().unwrap_or(0);
    let trim = |s: &str| {
        if s.contains('.') {
            s.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            s.into()
        }
    };
    let sign = if v < 0.0 { "−" } else { "" };
    if (-4..=4).contains(&order) {
        let decimals = (digits as i32 - 1 - order).max(0) as usize;
        let body = fixed(v.abs(), decimals);
        return format!("{sign}{}", trim(&body));
    }
    match trim(mantissa).as_str() {
        "1" => format!("{sign}10^{{{}}}", exponent(order)),
        m => format!("{sign}{m}×10^{{{}}}", exponent(order)),
    }
}

fn fixed_infinity(v: f64) -> String {
    if v > 0.0 {
        "∞".into()
    } else {
        "−∞".into()
    }
}

/// Ticks of a logarithmic axis from `low` to `high`, both positive, at most about `most` labelled.
///
/// Two decades or more of labels: powers of ten, every k-th when there are many, with small ticks at 2…9 (or at the
/// powers left out). Less: 1, 2, 5 or all digits of each decade. Much less than a decade: round numbers as on a linear
/// axis.
pub(crate) fn log(low: f64, high: f64, most: usize) -> Ticks {
    let most = most.max(2);
    let (low_power, high_power) = (low.log10(), high.log10());
    if !(low_power.is_finite() && high_power.is_finite() && low < high) {
        return Ticks::default();
    }
    let first = (low_power - 1e-9).ceil() as i32;
    let last = (high_power + 1e-9).floor() as i32;
    let decades = last - first + 1;
    if decades >= 3 || (decades == 2 && high_power - low_power > 1.4) {
        return decade_ticks(low, high, first, last, most);
    }
    let inside = |v: f64| v >= low * (1.0 - 1e-9) && v <= high * (1.0 + 1e-9);
    let floor = low_power.floor() as i32;
    let every: Vec<(u32, f64)> = (floor..=last.max(floor))
        .flat_map(|p| (1..10).map(move |d| (d, digit_times(d, p))))
        .filter(|t| inside(t.1))
        .collect();
    for keep in [
        &[1, 2, 3, 4, 5, 6, 7, 8, 9][..],
        &[1, 2, 3, 5][..],
        &[1, 2, 5][..],
        &[1, 3][..],
    ] {
        let chosen: Vec<f64> = every
            .iter()
            .filter(|t| keep.contains(&t.0))
            .map(|t| t.1)
            .collect();
        if (3..=most).contains(&chosen.len()) {
            let major = chosen
                .iter()
                .map(|&value| Tick {
                    value,
                    label: number(value, 2),
                })
                .collect();
            return Ticks {
                major,
                minor: every
                    .iter()
                    .map(|t| t.1)
                    .filter(|v| !chosen.contains(v))
                    .collect(),
            };
        }
    }
    let mut ticks = linear(low, high, most);
    ticks.major.retain(|t| t.value > 0.0);
    ticks
}

fn decade_ticks(low: f64, high: f64, first: i32, last: i32, most: usize) -> Ticks {
    let count = (last - first + 1) as usize;
    let fits = |stride: &i32| count as f64 / f64::from(*stride) <= most as f64 + 0.5;
    let stride = [1, 2, 3, 5, 10, 20, 50, 100]
        .into_iter()
        .find(fits)
        .unwrap_or(200);
    let major = (first..=last)
        .filter(|p| p.rem_euclid(stride) == 0)
        .map(|p| Tick {
            value: ten_to(p),
            label: power_label(p),
        })
        .collect();
    let minor = if stride > 1 {
        (first..=last)
            .filter(|p| p.rem_euclid(stride) != 0)
            .map(ten_to)
            .collect()
    } else if count <= 12 {
        (first - 1..=last)
            .flat_map(|p| (2..10).map(move |d| digit_times(d, p)))
            .filter(|&v| v >= low && v <= high)
            .collect()
    } else {
        Vec::new()
    };
    Ticks { major, minor }
}

fn power_label(power: i32) -> String {
    match power {
        0 => "1".to_string(),
        1 => "10".to_string(),
        _ => format!("10^{{{}}}", exponent(power)),
    }
}

fn digit_times(digit: u32, power: i32) -> f64 {
    if power < 0 {
        f64::from(digit) / ten_to(-power)
    } else {
        f64::from(digit) * ten_to(power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &Ticks) -> Vec<&str> {
        ticks.major.iter().map(|t| t.label.as_str()).collect()
    }

    #[test]
    fn linear_known_answers() {
        assert_eq!(
            labels(&linear(0.0, 1.0, 5)),
            ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            labels(&linear(-1.0, 1.0, 4)),
            ["−1.0", "−0.5", "0", "0.5", "1.0"]
        );
        assert_eq!(labels(&linear(0.0, 0.35, 4)), ["0", "0.1", "0.2", "0.3"]);
        assert_eq!(
            labels(&linear(3.0, 17.0, 7)),
            ["4", "6", "8", "10", "12", "14", "16"]
        );
        assert_eq!(
            labels(&linear(0.0, 20_000.0, 4)),
            [
                "0",
                "5000",
                "10\u{2009}000",
                "15\u{2009}000",
                "20\u{2009}000"
            ]
        );
        assert_eq!(
            labels(&linear(0.0, 3e6, 3)),
            ["0", "10^{6}", "2×10^{6}", "3×10^{6}"]
        );
        assert_eq!(
            labels(&linear(0.0, 2e-7, 4)),
            [
                "0",
                "0.5×10^{−7}",
                "1.0×10^{−7}",
                "1.5×10^{−7}",
                "2.0×10^{−7}"
            ]
        );
    }

    #[test]
    fn no_tick_value_carries_rounding() {
        for tick in linear(0.0, 1.0, 10).major {
            let short = format!("{}", tick.value);
            assert!(short.len() <= 3, "{short}");
        }
    }

    #[test]
    fn log_known_answers() {
        assert_eq!(
            labels(&log(1e-3, 10.0, 8)),
            ["10^{−3}", "10^{−2}", "10^{−1}", "1", "10"]
        );
        assert_eq!(log(1.0, 1000.0, 8).minor.len(), 24);
        assert_eq!(labels(&log(1.0, 9.5, 6)), ["1", "2", "3", "5"]);
        assert_eq!(
            labels(&log(0.02, 0.31, 6)),
            ["0.02", "0.03", "0.05", "0.1", "0.2", "0.3"]
        );
        assert_eq!(
            labels(&log(2.0, 2.5, 6)),
            ["2.0", "2.1", "2.2", "2.3", "2.4", "2.5"]
        );
    }

    #[test]
    fn many_decades_keep_few_labels_on_round_powers() {
        let ticks = log(1e-30, 1e5, 7);
        assert_eq!(
            labels(&ticks),
            [
                "10^{−30}",
                "10^{−25}",
                "10^{−20}",
                "10^{−15}",
                "10^{−10}",
                "10^{−5}",
                "1",
                "10^{5}"
            ]
        );
        assert!(log(1e-300, 1e300, 7).major.len() <= 8);
    }

    #[test]
    fn numbers_by_themselves() {
        assert_eq!(number(0.05, 3), "0.05");
        assert_eq!(number(-1.25e-7, 3), "−1.25×10^{−7}");
        assert_eq!(number(1e6, 3), "10^{6}");
        assert_eq!(number(f64::INFINITY, 3), "∞");
        assert_eq!(number(0.99999, 2), "1");
    }

    #[test]
    fn hostile_ranges_do_not_panic() {
        for (a, b) in [
            (0.0, 0.0),
            (1.0, 1.0),
            (f64::MIN, f64::MAX),
            (1e-320, 1e-310),
            (5.0, 5.0 + 1e-15),
        ] {
            let _ = linear(a, b, 5);
        }
        for (a, b) in [
            (1e-320, 1e300),
            (1.0, 1.0 + 1e-12),
            (f64::MIN_POSITIVE, f64::MAX),
        ] {
            let _ = log(a, b, 5);
        }
    }
}
