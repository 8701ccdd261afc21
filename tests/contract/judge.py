"""Judges a running server by its contract: judge.py [--examples N] [--seed N]... [--database NAME]...

For each database a server is started, with its sandbox. schemathesis calls it as each kind of caller, with each seed;
newman runs a collection that is made of the contract; a browser tries Swagger UI out. Ends with 1 if any of them finds
something. Reports are kept in target/contract.
"""

import argparse
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

import requests

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAM = ROOT / "target/debug/espace-pro"
REPORTS = ROOT / "target/contract"
CALLERS = ("anonymous", "person", "helpdesk", "system-user")


@contextmanager
def server(database):
    """A server of the built program on an empty database; gives its address."""
    with tempfile.TemporaryDirectory(prefix="espace-pro-") as folder, socket.create_server(("127.0.0.1", 0)) as free:
        listen = "%s:%d" % free.getsockname()
        free.close()
        settings = {
            "ESPACE_PRO_MODE": "development",
            "ESPACE_PRO_LISTEN": listen,
            "ESPACE_PRO_DATA_DIR": folder,
            "ESPACE_PRO_LIMITS": "off",
            "ESPACE_PRO_LOG": "warn",
            "ESPACE_PRO_LOG_FORMAT": "json",
        }
        if database == "postgres":
            settings["ESPACE_PRO_DATABASE_URL"] = os.environ["ESPACE_PRO_TEST_POSTGRES_URL"]
        with open(REPORTS / f"server-{database}.log", "wb") as log:
            subprocess.run([PROGRAM, "migrate"], env=settings, stdout=log, stderr=log, check=True)
            process = subprocess.Popen([PROGRAM, "serve"], env=settings, stdout=log, stderr=log)
        try:
            wait_for(f"http://{listen}/health/ready", process)
            yield f"http://{listen}"
        finally:
            process.terminate()
            process.wait(timeout=60)


def wait_for(address, process):
    for _ in range(600):
        try:
            if requests.get(address, timeout=1).ok:
                return
        except requests.ConnectionError:
            pass
        if process.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(f"the server did not start: see {REPORTS}")


def explore(base, database, caller, seed, examples):
    """Lets schemathesis call as a caller; says whether it found nothing."""
    name = f"schemathesis-{database}-{caller}-{seed}"
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"),
        *("--config-file", HERE / "schemathesis.toml"),
        *("run", f"{base}/v1/openapi.json", "--checks", "all"),
        *("--max-examples", str(examples), "--seed", str(seed)),
        *("--report", "junit", "--report-junit-path", REPORTS / f"{name}.xml"),
    ]
    if caller == "system-user":
        # Of all else the stories tell.
        command += [f"--include-operation-id={operation}" for operation in for_software(base)]
    environment = {**os.environ, "ESPACE_PRO_SERVER": base, "ESPACE_PRO_CALLER": caller, "PYTHONPATH": str(HERE)}
    return run(name, command, environment)


def for_software(base):
    """The operations that serve a company's own software."""
    paths = requests.get(f"{base}/v1/openapi.json", timeout=10).json()["paths"]
    operations = [operation for path in paths.values() for operation in path.values()]
    return [operation["operationId"] for operation in operations if {"systemUser": []} in operation["security"]]


def run(name, command, environment=None, cwd=HERE):
    """Runs a tool, keeps what it says, and shows that only if it finds something."""
    began = time.monotonic()
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, errors="replace")
    (REPORTS / f"{name}.log").write_text(done.stdout + done.stderr)
    verdict = "ok" if done.returncode == 0 else "FAILED"
    print(f"{name}: {verdict} ({time.monotonic() - began:.0f} s)", flush=True)
    if done.returncode != 0:
        # A generated body may be very long.
        print("\n".join(line[:400] for line in (done.stdout + done.stderr).splitlines()), flush=True)
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=20, help="cases to each operation and phase")
    parser.add_argument("--seed", type=int, action="append", help="instead of 1 and a random one")
    parser.add_argument("--database", action="append", choices=("sqlite", "postgres"), help="instead of both")
    chosen = parser.parse_args()
    seeds = chosen.seed or [1, random.SystemRandom().randrange(2**32)]
    print(f"seeds: {', '.join(map(str, seeds))}", flush=True)
    REPORTS.mkdir(parents=True, exist_ok=True)
    is_fine = True
    for database in chosen.database or ("sqlite", "postgres"):
        with server(database) as base:
            # First, for Anna is to be new there.
            is_fine &= run(f"newman-{database}", ["node", HERE / "postman.mjs", base, REPORTS])
            is_fine &= run(f"swagger-ui-{database}", ["node", HERE / "swagger.mjs", base, REPORTS])
            for seed in seeds:
                for caller in CALLERS:
                    is_fine &= explore(base, database, caller, seed, chosen.examples)
    sys.exit(not is_fine)


if __name__ == "__main__":
    main()
