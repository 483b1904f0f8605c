//! Time: of the processor, all threads together, and on the wall.

use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

/// What something took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// Seconds on the wall.
    pub wall: f64,
    /// Seconds of the processor.
    pub cpu: f64,
}

impl std::ops::AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

/// Does `work` and tells what it took.
pub fn spend(work: impl FnOnce()) -> Spent {
    let (cpu, wall) = (ProcessTime::try_now().ok(), Instant::now());
    work();
    let cpu = cpu.and_then(|start| start.try_elapsed().ok());
    Spent {
        wall: wall.elapsed().as_secs_f64(),
        cpu: cpu.unwrap_or(Duration::ZERO).as_secs_f64(),
    }
}
