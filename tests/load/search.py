#!/usr/bin/env python3
"""Measures the search by name on made-up data: time to answer, memory of the index, time to build it.

    tests/load/search.py [--persons 100000] [--engine sqlite | --database-url postgres://…/new_database]
                         [--requests 2000] [--binary target/release/hoanhap] [--work DIR]

Needs Python 3 and a release build (cargo build --release --locked). The data is made once and kept in
the work directory. All cases are then moved to one centre, so that its manager sees everybody: the
hardest case. A worker of that centre, who sees a handful, is measured beside. Prints Markdown.
"""
import argparse
import atexit
import http.client
import json
import multiprocessing
import os
import pathlib
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
options = argparse.ArgumentParser(allow_abbrev=False)
options.add_argument("--persons", type=int, default=100_000)
options.add_argument("--database-url", default="")
options.add_argument("--requests", type=int, default=2_000)
options.add_argument("--binary", default=str(ROOT / "target" / "release" / "hoanhap"))
options.add_argument("--work", default=os.path.join(tempfile.gettempdir(), "hoanhap-search"))
o = options.parse_args()
DATA = pathlib.Path(o.work) / f"{'postgres' if o.database_url else 'sqlite'}-{o.persons}"


def command():
    url = ["--database-url", o.database_url] if o.database_url else []
    return [o.binary, "demo", "--persons", str(o.persons), "--data-dir", str(DATA), *url]


def one_centre():
    """Every case belongs to the centre whose manager and first worker have shown accounts."""
    if o.database_url:
        sql = """update cases set organisation_id = (select g.organisation_id from account_grants g join accounts a on a.id = g.account_id
                 where a.username = '{}' limit 1)"""
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", o.database_url, "-c", sql.format(MANAGER["username"]), "-c", "vacuum analyze"], check=True)
        return
    with sqlite3.connect(DATA / "hoanhap.db") as records:
        centre = records.execute("select organisation_id from account_grants join accounts on accounts.id = account_id where username = ?",
                                 [MANAGER["username"]]).fetchone()[0]
        records.execute("update cases set organisation_id = ? where organisation_id <> ?", [centre, centre])
    records.close()


def ask(connection, token, body):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    connection.request("POST", "/api/v1/persons/search", json.dumps(body), headers)
    reply = connection.getresponse()
    return reply.status, reply.read()


def send(port, token, bodies):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    times = []
    for body in bodies:
        begun = time.perf_counter()
        status, text = ask(connection, token, body)
        times.append((time.perf_counter() - begun) * 1000)
        if status != 200:
            sys.exit(f"{status}: {text[:200]}")
    return times


def measure(token, bodies, lanes):
    parts = [(PORT, token, bodies[lane::lanes]) for lane in range(lanes)]
    if lanes == 1:
        return sorted(send(*parts[0]))
    with multiprocessing.Pool(lanes) as pool:
        return sorted(t for times in pool.starmap(send, parts) for t in times)


def folded(text):
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return plain.replace("đ", "d").replace("Đ", "D").lower()


def memory_mb():
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return {name: int(re.search(rf"{name}:\s+(\d+)", status)[1]) // 1024 for name in ("VmRSS", "VmHWM")}


if not (DATA / "accounts.json").exists():
    begun = time.monotonic()
    subprocess.run([*command(), "--load-only"], check=True, stdout=subprocess.DEVNULL)
    print(f"data made in {time.monotonic() - begun:.0f} s", file=sys.stderr)
accounts = json.loads((DATA / "accounts.json").read_text())
MANAGER = next(a for a in accounts if a["role"] == "centre_manager")
WORKER = next(a for a in accounts if a["role"] == "social_worker")
one_centre()

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    PORT = free.getsockname()[1]
LOG = DATA / "server.log"
with open(LOG, "w") as log:
    server = subprocess.Popen([*command(), "--port", str(PORT)], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                              env={**os.environ, "HOANHAP_LOG__FORMAT": "text"})
atexit.register(lambda: (server.send_signal(signal.SIGTERM), server.wait(30)))
begun = time.monotonic()
ready = None
while ready is None or "index of names is built" not in LOG.read_text():
    try:
        probe = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
        probe.request("GET", "/readyz")
        if ready is None and probe.getresponse().status == 200:
            ready, before = (time.monotonic() - begun) * 1000, memory_mb()
    except OSError:
        pass
    if server.poll() is not None or time.monotonic() - begun > 300:
        sys.exit(f"the server did not start; see {LOG}")
    time.sleep(0.01)
built = re.search(r"index of names is built.*", re.sub(r"\x1b\[[0-9;]*m", "", LOG.read_text()))[0]
facts = {name: int(re.search(rf"{name}=(\d+)", built)[1]) for name in ("millis", "persons", "bytes")}
time.sleep(2)
after = memory_mb()


def log_in(account):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    connection.request("POST", "/api/v1/auth/login", json.dumps({k: account[k] for k in ("username", "password")}), {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())["access_token"]


def names_of(token, count):
    connection, names, cursor = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60), [], ""
    while len(names) < count:
        connection.request("GET", f"/api/v1/persons?limit=200{cursor}", headers={"Authorization": f"Bearer {token}"})
        page = json.loads(connection.getresponse().read())
        names += [(p["name"], p["birth"]) for p in page["items"] if p["name"]]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    return names


manager, worker = log_in(MANAGER), log_in(WORKER)
names = names_of(manager, 2_000)
random.seed(2026)
some = [random.choice(names)[0] for _ in range(o.requests)]
kinds = {
    "a full name without marks": [folded(name) for name in some],
    "a full name with its marks": some,
    "the given name": [name.split()[-1] for name in some],
    "family and beginning of the given name": [f"{folded(name).split()[0]} {folded(name).split()[-1][:2]}" for name in some],
    "ng (four in ten persons)": ["ng"] * o.requests,
    "nguyễn": ["nguyễn"] * o.requests,
    "nguyen thi": ["nguyen thi"] * o.requests,
    "t": ["t"] * o.requests,
    "nobody of that name": ["xyz qwe"] * o.requests,
}
print(f"{facts['persons']:,} persons. The index: {facts['bytes'] / facts['persons']:.0f} bytes a person, names included; built in "
      f"{facts['millis']:,} ms beside the server, which was ready after {ready:.0f} ms. Memory of the server: "
      f"{before['VmRSS']} MB when ready, {after['VmRSS']} MB with the index (peak {after['VmHWM']} MB).\n")
print("| who asks | typed | concurrency | p50 ms | p99 ms | longest ms |\n|---|---|---:|---:|---:|---:|")
for who, token, kind, lanes in [
    *(("manager, sees everybody", manager, kind, lanes) for lanes in (1, 4) for kind in kinds),
    *(("worker", worker, kind, 1) for kind in ("a full name without marks", "ng (four in ten persons)")),
]:
    times = measure(token, [{"name": typed} for typed in kinds[kind]], lanes)
    print(f"| {who} | {kind} | {lanes} | {times[len(times) // 2]:.2f} | {times[len(times) * 99 // 100]:.2f} | {times[-1]:.2f} |", flush=True)
print(f"\nMemory at the end: {memory_mb()['VmRSS']} MB.")
