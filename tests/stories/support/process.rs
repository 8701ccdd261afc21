//! The program itself, as an operator starts it.

use std::{
    fs::File,
    io::Read,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::Duration,
};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};

use super::{Actor, Backstage, Scratch, wait_until, world::client};

/// A running `espace-pro`.
pub struct Process {
    child: Child,
    url: String,
    backstage: Backstage,
    log: PathBuf,
}

impl Process {
    /// The program with these settings and no others, and with this subcommand.
    pub fn command(scratch: &Scratch, subcommand: &str) -> Command {
        // target/debug/deps/stories-… → target/debug/espace-pro, which `make test` builds before.
        let stories = std::env::current_exe().expect("this program");
        let program =
            stories.parent().and_then(|deps| deps.parent()).expect("the folder of programs").join(scratch.program());
        assert!(program.exists(), "{} is not built: run `cargo build` first, as `make test` does", program.display());
        let mut command = Command::new(program);
        command.arg(subcommand).env_clear().envs(scratch.settings()).stdin(Stdio::null());
        command
    }

    /// Starts `espace-pro serve` on a free port, and waits until it is ready.
    pub fn serve(scratch: &mut Scratch) -> Self {
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        scratch.set("ESPACE_PRO_LISTEN", &format!("127.0.0.1:{port}"));
        let mut process = Self::start(scratch, "serve");
        process.wait_until_ready();
        process
    }

    /// Starts `espace-pro worker`, and waits until it works.
    pub fn work(scratch: &Scratch) -> Self {
        let process = Self::start(scratch, "worker");
        wait_until("a worker", || process.log().contains("working"));
        process
    }

    /// Starts `espace-pro` with this subcommand, which may well refuse.
    pub fn start(scratch: &Scratch, subcommand: &str) -> Self {
        let log = scratch.path().join(format!("{:016x}.log", rand::random::<u64>()));
        let file = File::create(&log).expect("a log file");
        let mut command = Self::command(scratch, subcommand);
        command.stdout(file.try_clone().expect("the same file")).stderr(file);
        let child = command.spawn().expect("the program");
        let address = scratch.settings().get("ESPACE_PRO_LISTEN").map(String::as_str).unwrap_or_default();
        let backstage = Backstage::of(scratch.settings());
        Self { child, url: format!("http://{address}"), backstage, log }
    }

    fn wait_until_ready(&mut self) {
        let ready = format!("{}/health/ready", self.url);
        for _ in 0..600 {
            if client().get(&ready).call().is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            assert!(self.child.try_wait().expect("a child").is_none(), "the server ended: {}", self.log());
            sleep(Duration::from_millis(50));
        }
        panic!("the server does not become ready: {}", self.log());
    }

    /// Somebody without a token.
    pub fn anonymous(&self) -> Actor {
        Actor::new(&self.url, client()).knowing(self.backstage.clone())
    }

    /// `http://127.0.0.1:…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the program wrote.
    pub fn log(&self) -> String {
        let mut text = String::new();
        let _ = File::open(&self.log).and_then(|mut file| file.read_to_string(&mut text));
        text
    }

    /// Its id.
    pub fn id(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.id(), signal).expect("a process");
    }

    /// Lets the program's files grow no further than so many bytes, or as far as they may by nature.
    pub fn limit_files(&self, bytes: Option<u64>) {
        let maximum = getrlimit(Resource::Fsize).maximum;
        let limit = Rlimit { current: bytes.or(maximum), maximum };
        prlimit(Some(self.id()), Resource::Fsize, limit).expect("a limit");
    }

    /// Waits until the program has ended.
    pub fn ended(&mut self) -> ExitStatus {
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("the program does not end: {}", self.log());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
