"""Judges a running server by its contract: judge.py [--examples N] [--seed N]... [--database NAME]...

For each database, both at once, a server is started, with its sandbox. schemathesis calls it as each kind of caller, with
each seed: the operations that serve such a caller in all phases, all others with a few cases; newman runs a collection
that is made of the contract; a browser tries Swagger UI out. Ends with 1 if any of them finds something. Reports are kept
in target/contract, in a folder for each database.
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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import requests

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAM = ROOT / "target/debug/espace-pro"
REPORTS = ROOT / "target/contract"
# Kinds of callers, and how the contract calls what lets each in.
CALLERS = {"anonymous": None, "person": "person", "helpdesk": "helpdesk", "system-user": "systemUser", "partner": "partner"}
# How many cases an operation gets from a caller whom it does not serve: whatever he says, it refuses him.
FEW = 2


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
        with open(REPORTS / database / "server.log", "wb") as log:
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
        except (requests.ConnectionError, requests.Timeout):
            pass
        if process.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(f"the server did not start: see {REPORTS}")


def serving(contract, caller):
    """The operations that serve a caller, and those from whose answers a link leads to one of them."""
    operations = [operation for path in contract["paths"].values() for operation in path.values()]
    let_in = set() if CALLERS[caller] is None else {CALLERS[caller]}
    # Of a partner's it also says which scopes they want.
    serve = {operation["operationId"] for operation in operations if let_in in map(set, operation["security"] or [{}])}
    lead = {operation["operationId"] for operation in operations if linked(operation) & serve}
    return serve | lead


def linked(operation):
    """The operations to which an operation's answers lead."""
    links = [link for response in operation["responses"].values() for link in response.get("links", {}).values()]
    return {link["operationId"] for link in links}


def explore(base, database, caller, seed, examples):
    """Lets schemathesis call as a caller; says whether it found nothing."""
    contract = requests.get(f"{base}/v1/openapi.json", timeout=10).json()
    serve = sorted(serving(contract, caller))
    served = ["--max-examples", str(examples), *(f"--include-operation-id={operation}" for operation in serve)]
    others = ["--max-examples", str(FEW), "--phases", "examples,fuzzing"]
    others += [f"--exclude-operation-id={operation}" for operation in serve]
    # Both are run, whatever the first one finds.
    return all([call(base, database, caller, seed, *what) for what in (("served", served), ("others", others))])


def call(base, database, caller, seed, which, what):
    """One run of schemathesis."""
    name = f"schemathesis-{caller}-{which}-{seed}"
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"),
        *("--config-file", HERE / "schemathesis.toml"),
        *("run", f"{base}/v1/openapi.json", "--checks", "all", "--seed", str(seed), *what),
        *("--report", "junit", "--report-junit-path", REPORTS / database / f"{name}.xml"),
    ]
    environment = {**os.environ, "ESPACE_PRO_SERVER": base, "ESPACE_PRO_CALLER": caller, "PYTHONPATH": str(HERE)}
    return run(database, name, command, environment)


def run(database, name, command, environment=None, cwd=HERE):
    """Runs a tool, keeps what it says, and shows that only if it finds something."""
    began = time.monotonic()
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, errors="replace")
    (REPORTS / database / f"{name}.log").write_text(done.stdout + done.stderr)
    verdict = "ok" if done.returncode == 0 else "FAILED"
    told = [f"{database} {name}: {verdict} ({time.monotonic() - began:.0f} s)"]
    if done.returncode != 0:
        # A generated body may be very long.
        told += [line[:400] for line in (done.stdout + done.stderr).splitlines()]
    # At once, so that what the other database's tools say does not come in between.
    print("\n".join(told), flush=True)
    return done.returncode == 0


def judge(database, seeds, examples):
    """Lets all tools judge a server on this database; says whether they found nothing."""
    reports = REPORTS / database
    reports.mkdir(parents=True, exist_ok=True)
    with server(database) as base:
        # First, for Anna is to be new there.
        found = [run(database, "newman", ["node", HERE / "postman.mjs", base, reports])]
        found.append(run(database, "swagger-ui", ["node", HERE / "swagger.mjs", base, reports]))
        found += [explore(base, database, caller, seed, examples) for seed in seeds for caller in CALLERS]
    return all(found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=20, help="cases to each operation and phase")
    parser.add_argument("--seed", type=int, action="append", help="instead of 1 and a random one")
    parser.add_argument("--database", action="append", choices=("sqlite", "postgres"), help="instead of both")
    chosen = parser.parse_args()
    seeds = chosen.seed or [1, random.SystemRandom().randrange(2**32)]
    print(f"seeds: {', '.join(map(str, seeds))}", flush=True)
    with ThreadPoolExecutor() as both:
        databases = chosen.database or ("sqlite", "postgres")
        judged = list(both.map(lambda database: judge(database, seeds, chosen.examples), databases))
    sys.exit(not all(judged))


if __name__ == "__main__":
    main()
