//! How much memory there is, and how much this process has taken at most.

use std::path::Path;

/// Bytes that can be taken without swapping, of the machine or of the container; `None` where the system does not say.
pub(super) fn available() -> Option<u64> {
    let machine = field(
        &std::fs::read_to_string("/proc/meminfo").ok()?,
        "MemAvailable:",
    )?;
    let number = |name: &str| -> Option<u64> {
        let text = std::fs::read_to_string(Path::new("/sys/fs/cgroup").join(name)).ok()?;
        text.trim().parse().ok()
    };
    let container = number("memory.max").zip(number("memory.current"));
    Some(container.map_or(machine, |(most, taken)| {
        machine.min(most.saturating_sub(taken))
    }))
}

/// The most bytes that this process has had in memory; 0 where the system does not say.
pub(super) fn peak() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|text| field(&text, "VmHWM:"))
        .unwrap_or(0)
}

/// A line such as `VmHWM:   1234 kB`, in bytes.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix(name))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_kilobytes_is_read() {
        assert_eq!(
            field("VmPeak: 9 kB\nVmHWM:\t  12 kB\n", "VmHWM:"),
            Some(12 << 10)
        );
        assert_eq!(field("", "VmHWM:"), None);
        if cfg!(target_os = "linux") {
            assert!(peak() > 1 << 20);
            assert!(available().is_some_and(|free| free > 1 << 20));
        }
    }
}
