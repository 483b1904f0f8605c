//! The machine: available memory.

use std::path::Path;

/// Memory in bytes that a process can still allocate, on Linux: free memory of the machine, or the
/// rest below the limit of its control group.
#[must_use]
pub fn available_bytes() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = (text.lines()).find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let group = Path::new("/sys/fs/cgroup");
    let number = |name: &str| -> Option<f64> {
        let text = std::fs::read_to_string(group.join(name)).ok()?;
        text.trim().parse().ok()
    };
    let left = number("memory.max").zip(number("memory.current"));
    let left = left.map_or(f64::INFINITY, |(most, used)| (most - used).max(0.0));
    Some((kibibytes * 1024.0).min(left))
}
