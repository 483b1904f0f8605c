//! Processor time, of all threads together, and wall-clock time.

use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

/// Duration of a piece of work.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// Wall-clock time, in s.
    pub wall: f64,
    /// Processor time, in s.
    pub cpu: f64,
}

impl std::ops::AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

/// Performs `work` and returns its duration.
pub fn spend(work: impl FnOnce()) -> Spent {
    let (cpu, wall) = (ProcessTime::try_now().ok(), Instant::now());
    work();
    let cpu = cpu.and_then(|start| start.try_elapsed().ok());
    Spent {
        wall: wall.elapsed().as_secs_f64(),
        cpu: cpu.unwrap_or(Duration::ZERO).as_secs_f64(),
    }
}
