//! The machine: on which core something runs, what it cost, and how much of the time the machine was elsewhere.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::{
    param::clock_ticks_per_second,
    process::{Pid, Signal, kill_process},
};

/// How long a server may take to be ready.
const START: Duration = Duration::from_secs(30);

/// A command that runs on one core, or wherever there is room.
pub fn on_core(core: Option<u32>, program: &Path) -> Command {
    let Some(core) = core else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.to_string()]).arg(program);
    command
}

/// A running server; it ends with this.
pub struct Server(Child);

impl Server {
    /// Starts a server, and waits until it is ready.
    ///
    /// # Errors
    /// It does not start, or is not ready in time.
    pub fn start(mut command: Command, url: &str, log: &Path) -> Result<Self, String> {
        let log_file = fs::File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log_file);
        let mut server =
            Self(command.spawn().map_err(|error| format!("{}: {error}", command.get_program().display()))?);
        let began = Instant::now();
        while ureq::get(format!("{url}/health/ready")).call().is_err() {
            let ended = server.0.try_wait().map_err(|error| error.to_string())?;
            if ended.is_some() || began.elapsed() > START {
                return Err(format!("the server is not ready; see {}", log.display()));
            }
            sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// The largest part of memory that it ever had, in KiB.
    pub fn peak_memory(&self) -> Result<f64, String> {
        let status = read(&format!("/proc/{}/status", self.pid()))?;
        peak_memory(&status).ok_or_else(|| "no VmHWM in /proc".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(pid) = Pid::from_raw(self.0.id().cast_signed()) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.0.wait();
    }
}

/// Seconds of processor time that a process has used.
pub fn cpu_seconds(pid: u32) -> Result<f64, String> {
    let stat = read(&format!("/proc/{pid}/stat"))?;
    Ok(ticks(&stat, &[UTIME, STIME]).ok_or("no times in /proc")? / ticks_per_second())
}

/// The same of a PostgreSQL server: its postmaster, what that has started, and what that has outlived.
pub fn cluster_cpu_seconds(postmaster: u32) -> Result<f64, String> {
    let own = read(&format!("/proc/{postmaster}/stat"))?;
    let mut sum = ticks(&own, &[UTIME, STIME, CUTIME, CSTIME]).ok_or("no times in /proc")?;
    let processes = fs::read_dir("/proc").map_err(|error| error.to_string())?;
    for process in processes.flatten() {
        // One that has just ended is counted with the postmaster.
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        if parent(&stat) == Some(postmaster) {
            sum += ticks(&stat, &[UTIME, STIME]).unwrap_or_default();
        }
    }
    Ok(sum / ticks_per_second())
}

/// The process that started another.
pub fn parent_of(pid: u32) -> Result<u32, String> {
    parent(&read(&format!("/proc/{pid}/stat"))?).ok_or_else(|| "no parent in /proc".into())
}

/// Processor time of the whole machine until now, in ticks: all, and that which other guests of the host took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ticks {
    all: f64,
    stolen: f64,
}

impl Ticks {
    pub fn now() -> Result<Self, String> {
        Self::read(&read("/proc/stat")?).ok_or_else(|| "no times in /proc/stat".into())
    }

    fn read(stat: &str) -> Option<Self> {
        // user nice system idle iowait irq softirq steal; guests are counted as users already.
        let times: Vec<f64> = stat.lines().next()?.split_whitespace().skip(1).map_while(|n| n.parse().ok()).collect();
        Some(Self { all: times.get(..8)?.iter().sum(), stolen: *times.get(7)? })
    }

    /// How many per cent of the time since were stolen.
    pub fn stolen_since(self, before: Self) -> f64 {
        let all = self.all - before.all;
        if all > 0.0 { (self.stolen - before.stolen) / all * 100.0 } else { 0.0 }
    }
}

/// Places in `/proc/PID/stat` behind the name, from 0 (`proc_pid_stat(5)` counts from 3).
const PARENT: usize = 1;
const UTIME: usize = 11;
const STIME: usize = 12;
const CUTIME: usize = 13;
const CSTIME: usize = 14;

fn field(stat: &str, place: usize) -> Option<&str> {
    // A name may hold spaces and parentheses.
    stat.rsplit_once(')')?.1.split_whitespace().nth(place)
}

fn parent(stat: &str) -> Option<u32> {
    field(stat, PARENT)?.parse().ok()
}

fn ticks(stat: &str, places: &[usize]) -> Option<f64> {
    places.iter().map(|place| field(stat, *place)?.parse::<f64>().ok()).sum()
}

fn peak_memory(status: &str) -> Option<f64> {
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "it is a hundred")]
fn ticks_per_second() -> f64 {
    clock_ticks_per_second() as f64
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "4711 (a (b) c) S 42 4711 4711 0 -1 4194560 1 2 3 4 150 50 7 3 20 0 1 0 100 1 1";

    #[test]
    fn a_process_is_read_whatever_its_name() {
        assert_eq!(parent(STAT), Some(42));
        assert_eq!(ticks(STAT, &[UTIME, STIME]), Some(200.0));
        assert_eq!(ticks(STAT, &[UTIME, STIME, CUTIME, CSTIME]), Some(210.0));
        assert_eq!(ticks("4711 (gone", &[UTIME]), None);
    }

    #[test]
    fn steal_is_a_share_of_all_time() {
        let before = Ticks::read("cpu  100 0 100 700 50 0 0 50 30 0\ncpu0 1 2 3").expect("ticks");
        let after = Ticks::read("cpu  200 0 200 1300 50 0 0 150 30 0\ncpu0 1 2 3").expect("ticks");
        assert!((after.stolen_since(before) - 100.0 / 900.0 * 100.0).abs() < 1e-9);
        assert!(before.stolen_since(before).abs() < 1e-9);
        assert_eq!(Ticks::read("cpu 1 2 3"), None);
    }

    #[test]
    fn memory_is_the_peak() {
        assert_eq!(peak_memory("VmPeak:\t 9 kB\nVmHWM:\t   21504 kB\nVmRSS:\t 7 kB\n"), Some(21504.0));
    }
}
