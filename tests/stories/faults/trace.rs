//! What processes asked of the kernel, in order, as strace saw it.

use std::{
    collections::HashMap,
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Scratch, wait_until};

/// A running strace.
pub struct Strace {
    child: Child,
    log: PathBuf,
}

/// One call, between the lines of the log at which it began and ended.
pub struct Call {
    /// Where it began.
    pub begun: usize,
    /// Where it ended.
    pub ended: usize,
    /// `name(arguments) = result`, with files and sockets by name.
    pub text: String,
}

impl Strace {
    /// Attaches to these processes, their threads, and the processes that they start.
    pub fn attach(scratch: &Scratch, processes: &[Pid]) -> Self {
        let (log, told) = (scratch.path().join("strace"), scratch.path().join("strace.told"));
        let mut command = Command::new("strace");
        command.args(["-f", "-yy", "-s", "64", "-e", "signal=none"]);
        command.args(["-e", "trace=recvfrom,recvmsg,read,readv,sendto,sendmsg,write,writev,fsync,fdatasync"]);
        command.arg("-o").arg(&log).stdin(Stdio::null()).stderr(File::create(&told).expect("a file"));
        for process in processes {
            command.args(["-p", &process.as_raw_nonzero().to_string()]);
        }
        let child = command.spawn().expect("strace, which `make faults` installs");
        let said = || fs::read_to_string(&told).expect("what strace said");
        wait_until("strace is attached: it must be allowed to (root, or kernel.yama.ptrace_scope = 0)", || {
            let said = said();
            assert!(
                !said.contains("Operation not permitted"),
                "{said}: run as root, or set kernel.yama.ptrace_scope = 0"
            );
            processes.iter().all(|process| said.contains(&format!("Process {} attached", process.as_raw_nonzero())))
        });
        Self { child, log }
    }

    /// Detaches, and gives what was seen.
    pub fn calls(mut self) -> Vec<Call> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("strace");
        self.child.wait().expect("its end");
        calls(&fs::read_to_string(&self.log).expect("its log"))
    }
}

/// Reads a log of `strace -f`: a call that others came between stands there in two pieces.
fn calls(log: &str) -> Vec<Call> {
    let mut begun: HashMap<&str, (usize, &str)> = HashMap::new();
    let mut calls = vec![];
    for (place, line) in log.lines().enumerate() {
        let Some((process, text)) = line.split_once(' ') else { continue };
        let text = text.trim_start();
        if let Some(piece) = text.strip_suffix(" <unfinished ...>") {
            begun.insert(process, (place, piece));
        } else if let Some((_, rest)) = text.strip_prefix("<... ").and_then(|text| text.split_once(" resumed>")) {
            if let Some((first, piece)) = begun.remove(process) {
                calls.push(Call { begun: first, ended: place, text: format!("{piece}{rest}") });
            }
        } else {
            calls.push(Call { begun: place, ended: place, text: text.to_owned() });
        }
    }
    calls
}

#[test]
fn a_call_in_two_pieces_is_one() {
    let calls = calls(
        "7  fdatasync(9</d/x.db-wal> <unfinished ...>\n\
         8  recvfrom(5<TCP:[a->b]>, \"GET\", 3, 0, NULL, NULL) = 3\n\
         7  <... fdatasync resumed>) = 0\n",
    );
    let seen: Vec<_> = calls.iter().map(|call| (call.begun, call.ended, &*call.text)).collect();
    let recv = "recvfrom(5<TCP:[a->b]>, \"GET\", 3, 0, NULL, NULL) = 3";
    assert_eq!(seen, [(1, 1, recv), (0, 2, "fdatasync(9</d/x.db-wal>) = 0")]);
}
