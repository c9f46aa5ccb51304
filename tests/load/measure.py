"""Measures a running Hòa Nhập with wrk, and the databases' own limits beside it. Started by tests/load/run."""
import argparse
import atexit
import datetime
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
PROVINCE = "G34-P01"  # the centre of Hà Nội, whose manager has a shown account
OPERATIONS = ["get", "list_status", "list", "indicator", "create", "login"]
TARGETS = {"create": 1500, "get": 3000, "list_status": 2000}
MEMORY_MB, READY_MS, TAIL, RETRIES = 120, 1000, 5, 1.0
TOLD = "## Where the time goes, and next"  # from here on docs/benchmarks.md is written by people

options = argparse.ArgumentParser(prog="tests/load/run", allow_abbrev=False)
add = options.add_argument
add("--persons", type=int, default=100_000)
add("--engines", default="sqlite,postgres")
add("--concurrency", default="1,8,32")
add("--runs", type=int, default=3)
add("--seconds", type=int, default=10)
add("--only", default="")
add("--work", default=os.path.join(tempfile.gettempdir(), "hoanhap-load"))
add("--no-write", action="store_true")
add("--no-limits", action="store_true")
add("--no-build", action="store_true")
add("--smoke", action="store_true")
add("--binary", default=os.path.join(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"), "release", "hoanhap"))


def parse():
    o = options.parse_args()
    if o.smoke:
        o.persons, o.engines, o.concurrency, o.runs, o.seconds = 1000, "sqlite", "1,8", 1, 2
        o.no_write = o.no_limits = True
    o.engines = o.engines.split(",")
    o.concurrency = [int(c) for c in o.concurrency.split(",")]
    o.only = [x for x in o.only.split(",") if x] or OPERATIONS
    o.work = pathlib.Path(o.work).resolve()
    unknown = set(o.only) - set(OPERATIONS) | set(o.engines) - {"sqlite", "postgres"}
    if unknown:
        options.error(f"unknown: {', '.join(sorted(unknown))}")
    return o


def say(*words):
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def output(*command, **more):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **more).stdout


# --- Processes ----------------------------------------------------------------


def processor_seconds(pid, children=False):
    """Processor time of a process, and of those of its children that have ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15 if children else 13])) / TICKS


def children_of(parent):
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(entry.read_text().rpartition(")")[2].split()[1]) == parent:
                yield int(entry.parent.name)
        except OSError:
            pass


def machine_busy_seconds():
    ticks = [int(x) for x in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / TICKS


def status_mb(pid, name):
    return int(re.search(rf"^{name}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1]) / 1024


# --- PostgreSQL -----------------------------------------------------------------

SETTINGS = f"""
listen_addresses = '127.0.0.1'
unix_socket_directories = '{tempfile.gettempdir()}'
max_connections = 100
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 1GB
random_page_cost = 1.1
max_wal_size = 4GB
"""


class Cluster:
    """A PostgreSQL cluster of our own. PostgreSQL refuses to run as root: then as user postgres."""

    def __init__(self, work):
        homes = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
        initdb = homes[-1] if homes else pathlib.Path(shutil.which("initdb") or sys.exit("PostgreSQL is missing"))
        self.bin, self.dir, self.port, self.preloaded = initdb.parent, work / "postgres", free_port(), False
        if not (self.dir / "data" / "PG_VERSION").exists():
            self.dir.mkdir(parents=True, exist_ok=True)
            if os.geteuid() == 0:
                shutil.chown(self.dir, "postgres", "postgres")
            self.do("initdb", "-D", self.dir / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        (self.dir / "data" / "load.conf").write_text(SETTINGS)
        conf = self.dir / "data" / "postgresql.conf"
        if "load.conf" not in conf.read_text():
            conf.write_text(conf.read_text() + "\ninclude 'load.conf'\n")
        self.start()
        atexit.register(self.stop)

    def do(self, program, *arguments):
        command = [str(self.bin / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, cwd="/", text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        if done.returncode:
            sys.exit(f"{program}: {done.stdout}")

    def start(self, preload=""):
        extra = f"-p {self.port}" + (f" -c shared_preload_libraries={preload} -c pg_stat_statements.track_planning=on" if preload else "")
        self.do("pg_ctl", "start", "-s", "-w", "-t", "120", "-D", self.dir / "data", "-l", self.dir / "log", "-o", extra)
        self.postmaster = int((self.dir / "data" / "postmaster.pid").read_text().split()[0])

    def stop(self):
        if (self.dir / "data" / "postmaster.pid").exists():
            self.do("pg_ctl", "stop", "-s", "-w", "-t", "120", "-m", "fast", "-D", self.dir / "data")

    def sql(self, query, database="postgres"):
        return output("psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
                      "-p", str(self.port), "-U", "postgres", "-d", database, "-c", query,
                      env=dict(os.environ, PGOPTIONS="-c client_min_messages=warning")).rstrip("\n")

    def has(self, database):
        return self.sql(f"select count(*) from pg_database where datname = '{database}'") == "1"

    def copy(self, source, target):
        self.sql(f"drop database if exists {target}")
        self.sql(f"create database {target} template {source} strategy file_copy")
        self.sql("checkpoint")

    def url(self, database):
        return f"postgres://postgres@/{database}?host={tempfile.gettempdir()}&port={self.port}"

    def processor_seconds(self):
        return processor_seconds(self.postmaster, True) + sum(map(processor_seconds, children_of(self.postmaster)))


# --- The server -----------------------------------------------------------------


class Server:
    def __init__(self, o, data, database_url, log):
        self.o, self.data, self.url, self.log, self.process = o, data, database_url, log, None
        atexit.register(self.stop)

    def command(self):
        extra = ["--database-url", self.url] if self.url else []
        return [str(self.o.binary), "demo", "--data-dir", str(self.data), "--persons", str(self.o.persons), *extra]

    def start(self):
        """Starts the server; milliseconds until it says it is ready."""
        self.port = free_port()
        with open(self.log, "w") as log:
            begun = time.monotonic()
            self.process = subprocess.Popen([*self.command(), "--port", str(self.port)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.pid = self.process.pid
        while True:
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return (time.monotonic() - begun) * 1000
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() - begun > 900:
                sys.exit(f"the server did not start; see {self.log}")
            time.sleep(0.005)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()

    def json(self, method, path, body=None, headers=None):
        status, text = self.ask(method, path, body and json.dumps(body), headers)
        if status >= 300:
            sys.exit(f"{method} {path}: {status} {text[:300]}")
        return json.loads(text)

    def log_in(self, account):
        self.keep(self.json("POST", "/api/v1/auth/login", account))

    def renew(self):
        """A new access token without a password hash: tokens live for ten minutes."""
        self.keep(self.json("POST", "/api/v1/auth/refresh", {"refresh_token": self.refresh_token}))

    def keep(self, pair):
        self.token, self.refresh_token = pair["access_token"], pair["refresh_token"]

    def get(self, path):
        return self.json("GET", "/api/v1" + path, headers={"Authorization": f"Bearer {self.token}"})

    def pages(self, path):
        cursor = ""
        while cursor is not None:
            page = self.get(path + (f"&cursor={cursor}" if cursor else ""))
            yield from page["items"]
            cursor = page["next_cursor"]

    def counter(self, name):
        found = re.search(rf"^{name}(?:\{{.*\}})? ([0-9.e+]+)$", self.ask("GET", "/metrics")[1], re.M)
        return float(found[1]) if found else 0.0


class Work:
    """What the operations need: ids, units and bodies, taken from the server itself."""

    def __init__(self, server, folder, account):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.account = folder, account
        cases = list(server.pages("/cases?limit=200"))
        self.organisation = cases[0]["organisation_id"]
        counts = {}
        for case in cases:
            counts[case["status"]] = counts.get(case["status"], 0) + 1
        full = [status for status, n in counts.items() if n > 50]
        today = datetime.date.today().isoformat()
        units = [u["code"] for u in server.pages(f"/admin-units?parent={PROVINCE}&on={today}&limit=200")]
        self.cases = [case["id"] for case in cases]
        self.lists = {
            "case": self.cases,
            # A case of somebody who went on elsewhere cannot be opened; those have no name here.
            "client": sorted({f'"person_id": "{case["person_id"]}", "category": "{case["category"]}"' for case in cases if case["person_name"]}),
            "unit": units,
            "status": full or list(counts),
            "filter": sorted({f"unit_code={c['unit_code']}&status={c['status']}" for c in cases}),
        }
        for name, lines in self.lists.items():
            (folder / name).write_text("\n".join(lines) + "\n")
        self.received = today

    def request(self, operation):
        """Method, path and body; {name} stands for a random line of that list."""
        return {
            "get": ("GET", "/api/v1/cases/{case}", None),
            "list_status": ("GET", "/api/v1/cases?status={status}&limit=50", None),
            "list": ("GET", "/api/v1/cases?{filter}&limit=50", None),
            "indicator": ("GET", "/api/v1/programmes/demo-2026/indicators/808-10/figure?year=2025", None),
            "create": ("POST", "/api/v1/cases", '{{client}, "unit_code": "{unit}", "received_on": "' + self.received + '", '
                '"summary": "Ghi chú tiếp nhận của lần đo tải, dài chừng bằng một ghi chú thật."}'),
            "login": ("POST", "/api/v1/auth/login", json.dumps(self.account)),
        }[operation]

    def once(self, server, operation):
        """One request through Python; its status must be the expected one."""
        method, path, body = self.request(operation)
        fill = lambda text: re.sub(r"{(\w+)}", lambda m: random.choice(self.lists[m[1]]), text)
        headers = {} if operation == "login" else {"Authorization": f"Bearer {server.token}"}
        if operation == "create":
            headers["Idempotency-Key"] = f"once-{random.getrandbits(64):x}"
        status, text = server.ask(method, fill(path), body and fill(body).encode(), headers)
        if status != (201 if operation == "create" else 200):
            sys.exit(f"{operation}: {status} {text[:300]}")
        if operation == "list_status" and self.lists["status"] and len(json.loads(text)["items"]) < 50 < len(self.cases) // 20:
            sys.exit("list_status: fewer than 50 rows")


def settle(server):
    """Waits until the answers that wrk no longer waits for are made, so that they burden no other run."""
    for _ in range(200):
        before = processor_seconds(server.pid)
        time.sleep(0.3)
        if processor_seconds(server.pid) - before < 0.03:
            return


def wrk(o, server, work, cluster, operation, concurrency, run):
    method, path, body = work.request(operation)
    env = dict(os.environ, LOAD_METHOD=method, LOAD_PATH=path, LOAD_SEED=str(run * 1000 + concurrency))
    env |= {f"LOAD_FILE_{name}": str(work.folder / name) for name in work.lists}
    if body:
        env["LOAD_BODY"] = body
    if operation != "login":
        env["LOAD_TOKEN"] = server.token
    if operation == "create":
        env["LOAD_PREFIX"] = f"load-{random.getrandbits(64):x}-"
    database = cluster.processor_seconds if cluster else lambda: 0.0
    counters = lambda: [server.counter(f"hoanhap_{n}_total") for n in ("writes", "write_retries", "write_groups")]
    before, clock = counters(), time.monotonic()
    cpu = [processor_seconds(server.pid), database(), machine_busy_seconds()]
    process = subprocess.Popen(
        ["wrk", "-t1", f"-c{concurrency}", f"-d{o.seconds}s", "--timeout", "30s", "-s", str(HERE / "requests.lua"),
         f"http://127.0.0.1:{server.port}/"], env=env, stdout=subprocess.PIPE, text=True)
    own = 0.0
    while process.poll() is None:
        own = max(own, processor_seconds(process.pid))
        time.sleep(0.2)
    cpu = [b - a for a, b in zip(cpu, [processor_seconds(server.pid), database(), machine_busy_seconds()])]
    elapsed = time.monotonic() - clock
    settle(server)
    text = process.stdout.read()
    found = re.search(r"^RESULT (.*)$", text, re.M) or sys.exit(f"wrk failed: {text}")
    requests, micros, p50, p99, failed, broken = map(int, found[1].split())
    writes, retries, groups = (b - a for a, b in zip(before, counters()))
    return {
        "per_second": max(0, requests - failed) * 1e6 / micros, "p50_ms": p50 / 1000, "p99_ms": p99 / 1000,
        "failed": failed, "broken": broken, "cpu_server": cpu[0] / elapsed, "cpu_database": cpu[1] / elapsed,
        "cpu_wrk": own / elapsed, "cpu_others": max(0.0, (cpu[2] - cpu[0] - cpu[1] - own) / elapsed),
        "writes": writes, "retries": retries, "groups": groups,
    }


def measure(o, server, work, cluster, operation):
    rows = []
    for concurrency in o.concurrency:
        runs = []
        for run in range(o.runs):
            if operation != "login":
                server.renew()
            work.once(server, operation)
            runs.append(wrk(o, server, work, cluster, operation, concurrency, run))
        runs.sort(key=lambda r: r["per_second"])
        row = dict(runs[len(runs) // 2])
        row |= {"operation": operation, "concurrency": concurrency, "lowest": runs[0]["per_second"], "highest": runs[-1]["per_second"]}
        for name in ("failed", "broken", "writes", "retries", "groups"):
            row[name] = sum(r[name] for r in runs)
        row["retries_percent"] = 100 * row["retries"] / row["writes"] if row["writes"] else 0.0
        row["rss_mb"] = status_mb(server.pid, "VmRSS")
        say(f"{operation:12} c={concurrency:<3} {row['per_second']:8.0f}/s  p50 {row['p50_ms']:7.2f}  p99 {row['p99_ms']:7.2f} ms  "
            f"failed {row['failed']}  server {row['cpu_server']:.2f} database {row['cpu_database']:.2f} wrk {row['cpu_wrk']:.2f} "
            f"others {row['cpu_others']:.2f}  rss {row['rss_mb']:.0f} MB  retries {row['retries_percent']:.2f} %")
        rows.append(row)
    return rows


def statements(o, server, work, cluster, operations, times=200):
    """Statements per operation, counted by pg_stat_statements in a pass that is not timed."""
    counts, texts = {}, {}
    for operation in operations:
        times_now = 3 if operation in ("login", "indicator") else times
        work.once(server, operation)
        time.sleep(0.1)
        cluster.sql("select pg_stat_statements_reset()", "load_run")
        for _ in range(times_now):
            work.once(server, operation)
        time.sleep(0.1)
        where = "from pg_stat_statements s join pg_database d on d.oid = s.dbid where datname = 'load_run' and query not like '%pg_stat_statements%' and toplevel"
        calls, plans = cluster.sql(f"select sum(calls), sum(plans) {where} and calls >= {times_now} / 2", "load_run").split("\t")
        counts[operation] = {"statements": float(calls) / times_now, "plans": float(plans) / times_now}
        texts[operation] = cluster.sql(f"select calls, plans, round((total_exec_time * 1000 / calls)::numeric, 1), round((total_plan_time * 1000 / calls)::numeric, 1), left(regexp_replace(query, '\\s+', ' ', 'g'), 220) {where} order by total_exec_time + total_plan_time desc limit 20", "load_run")
    return counts, texts


# --- The databases' own limits ----------------------------------------------------


def limits_of_postgres(o, work, cluster, source):
    cluster.copy(source, "load_limits")
    cluster.sql(f"""
        create table load_cases as select row_number() over () n, id as case_id, person_id, unit_code, opened_by from cases where organisation_id = '{work.organisation}';
        alter table load_cases add primary key (n);
        create table load_statuses as select row_number() over () n, status from (select status from cases where organisation_id = '{work.organisation}' group by 1 having count(*) > 50) s;
        alter table load_statuses add primary key (n);
        analyze load_cases; analyze load_statuses""", "load_limits")
    cases = cluster.sql("select count(*) from load_cases", "load_limits")
    full = cluster.sql("select count(*) from load_statuses", "load_limits")
    rows = {}
    for name in ("get", "get_logged", "list", "create"):
        script = HERE / "limits" / f"{name}.sql"
        for concurrency in o.concurrency:
            with tempfile.TemporaryDirectory() as logs:
                text = output("pgbench", "-n", "-M", "prepared", "-f", script, "-c", str(concurrency), "-j", "1", "-T", "5", "-D", f"cases={cases}",
                              "-D", f"statuses={full}", "-D", f"organisation={work.organisation}", "-l", "-h", tempfile.gettempdir(), "-p", str(cluster.port),
                              "-U", "postgres", "load_limits", cwd=logs, stderr=subprocess.DEVNULL)
                took = sorted(int(line.split()[2]) for f in pathlib.Path(logs).glob("pgbench_log.*") for line in f.open())
            rate = float(re.search(r"^tps = ([0-9.]+)", text, re.M)[1])
            rows[f"{name.replace('_', ', view ')} (c={concurrency})"] = (rate, took[len(took) // 2], took[len(took) * 99 // 100])
    cluster.sql("drop database load_limits")
    return rows


def limits_of_sqlite(o, work, database):
    program, copy = o.work / "limits", o.work / "limits.db"
    output("gcc", "-O2", "-o", str(program), str(HERE / "limits.c"), "-lsqlite3")
    for ending in ("", "-wal", "-shm"):
        pathlib.Path(f"{copy}{ending}").unlink(missing_ok=True)
        if ending != "-shm" and pathlib.Path(f"{database}{ending}").exists():
            shutil.copy(f"{database}{ending}", f"{copy}{ending}")
    rows = [line.split("\t") for line in output(str(program), str(copy), "5", work.organisation.replace("-", "")).splitlines()]
    for ending in ("", "-wal", "-shm"):
        pathlib.Path(f"{copy}{ending}").unlink(missing_ok=True)
    return {name: (float(rate), float(p50), float(p99)) for name, rate, p50, p99 in rows}


# --- One engine -------------------------------------------------------------------


def prepare(o, engine, cluster):
    """Makes the data once; returns a fresh copy of it to measure on."""
    pristine, name = o.work / f"{engine}-{o.persons}", f"load_{o.persons}"
    done = pristine / "loaded"
    if not done.exists() or (cluster and not cluster.has(name)):
        shutil.rmtree(pristine, ignore_errors=True)
        pristine.mkdir(parents=True)
        if cluster:
            cluster.sql(f"drop database if exists {name}")
            cluster.sql(f"create database {name}")
        server = Server(o, pristine / "data", cluster and cluster.url(name), pristine / "log")
        begun = time.monotonic()
        say(f"making {o.persons} persons for {engine}")
        with open(pristine / "log", "w") as log:
            subprocess.run([*server.command(), "--load-only"], check=True, stdout=log, stderr=log)
        if cluster:
            cluster.sql("vacuum analyze", name)
        done.write_text(f"{time.monotonic() - begun:.0f}")
    seconds = float(done.read_text())
    say(f"{engine}: data of {o.persons} persons, made in {seconds:.0f} s")
    fresh = o.work / f"{engine}-run"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(pristine / "data", fresh)
    if cluster:
        cluster.copy(name, "load_run")
    os.sync()
    return fresh, name, seconds


def measure_engine(o, engine):
    cluster = Cluster(o.work) if engine == "postgres" else None
    data, pristine, seconds = prepare(o, engine, cluster)
    accounts = json.loads((data / "accounts.json").read_text())
    account = next(a for a in accounts if a["role"] == "centre_manager")
    account = {"username": account["username"], "password": account["password"]}
    server = Server(o, data, cluster and cluster.url("load_run"), o.work / f"{engine}.log")
    server.start()
    server.log_in(account)
    work = Work(server, o.work / "lists", account)
    say(f"{engine}: {len(work.cases)} cases of the centre, {len(work.lists['filter'])} pairs of unit and status, {len(work.lists['status'])} statuses with 50 cases")
    result = {"engine": engine, "load_seconds": seconds, "rows": []}
    if cluster:
        result["version"] = cluster.sql("show server_version").split()[0]
    # Start, several times; the last start is the run without a login (the session is still good).
    starts = []
    for _ in range(max(o.runs, 1)):
        server.stop()
        starts.append(server.start())
    result["ready_ms"] = statistics.median(starts)
    result["rss_start_mb"], result["peak_start_mb"] = status_mb(server.pid, "VmRSS"), status_mb(server.pid, "VmHWM")
    pathlib.Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # the peak counts from here
    say(f"{engine}: ready after {result['ready_ms']:.0f} ms, {result['rss_start_mb']:.0f} MB, peak of the start {result['peak_start_mb']:.0f} MB")
    server.renew()
    for operation in (op for op in OPERATIONS if op in o.only and op != "login"):
        result["rows"] += measure(o, server, work, cluster, operation)
    result["rss_mb"], result["peak_mb"] = status_mb(server.pid, "VmRSS"), status_mb(server.pid, "VmHWM")
    say(f"{engine}: {result['rss_mb']:.0f} MB without a login, peak {result['peak_mb']:.0f} MB")
    if "login" in o.only:
        result["rows"] += measure(o, server, work, cluster, "login")
        result["rss_login_mb"], result["peak_login_mb"] = status_mb(server.pid, "VmRSS"), status_mb(server.pid, "VmHWM")
    server.stop()
    if cluster and not o.no_limits:
        result |= count_statements(o, server, work, cluster, account)
    if not o.no_limits:
        say(f"{engine}: what the database itself reaches")
        result["limits"] = limits_of_postgres(o, work, cluster, pristine) if cluster else limits_of_sqlite(o, work, o.work / f"{engine}-{o.persons}" / "data" / "hoanhap.db")
        for name, (rate, p50, p99) in result["limits"].items():
            say(f"  {name:32} {rate:8.0f}/s  p50 {p50 / 1000:.2f}  p99 {p99 / 1000:.2f} ms")
    if cluster:
        cluster.sql("drop database load_run")
        cluster.stop()
    return result


def count_statements(o, server, work, cluster, account):
    if not (pathlib.Path(output(str(cluster.bin / "pg_config"), "--pkglibdir").strip()) / "pg_stat_statements.so").exists():
        say("pg_stat_statements is not installed: statements are not counted")
        return {}
    cluster.stop()
    cluster.start("pg_stat_statements")
    cluster.sql("create extension if not exists pg_stat_statements", "load_run")
    server.start()
    server.log_in(account)
    settle(server)  # the first round of housekeeping is no part of any request
    counts, texts = statements(o, server, work, cluster, [op for op in OPERATIONS if op in o.only])
    server.stop()
    cluster.stop()
    cluster.start()
    for operation, count in counts.items():
        say(f"  {operation}: {count['statements']:.1f} statements, {count['plans']:.1f} of them planned anew")
    (o.work / "statements.txt").write_text("".join(f"== {op} (calls, plans, us each, us planning, text)\n{text}\n" for op, text in texts.items()))
    return {"statements": counts}


# --- The report -------------------------------------------------------------------


def versions(o):
    cpu = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) / 2**20
    metadata = json.loads(output("cargo", "metadata", "--format-version", "1", "--locked", "--offline", cwd=ROOT, stderr=subprocess.DEVNULL))
    sys_crate = next(p for p in metadata["packages"] if p["name"] == "libsqlite3-sys")
    header = pathlib.Path(sys_crate["manifest_path"]).parent / "sqlite3" / "sqlite3.h"
    sqlite = re.search(r'#define SQLITE_VERSION\s+"([^"]+)"', header.read_text())[1]
    wrk_text = subprocess.run(["wrk", "-v"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    return {
        "cpu": f"{cpu[1] if cpu else 'unknown'}, {os.cpu_count()} cores, {memory:.0f} GiB", "rustc": output("rustc", "--version").split()[1],
        "hoanhap": output(str(o.binary), "--version").split()[1], "sqlite": sqlite, "wrk": re.search(r"wrk (?:debian/)?(\S+)", wrk_text)[1],
    }


def mark(good):
    return "✓" if good else "✗"


def report(o, results):
    v = versions(o)
    names = {"sqlite": f"SQLite {v['sqlite']}", "postgres": f"PostgreSQL {next((r['version'] for r in results if 'version' in r), '')}"}
    spoken = {"get": "read a case", "list_status": "list by status", "list": "list by unit and status", "indicator": "indicator 808-10", "create": "create a case", "login": "log in"}
    command = (f"tests/load/run --persons {o.persons} --engines {','.join(o.engines)} --concurrency {','.join(map(str, o.concurrency))}"
               f" --runs {o.runs} --seconds {o.seconds}" + (f" --only {','.join(o.only)}" if o.only != OPERATIONS else ""))
    lines = [
        "# Speed and memory", "",
        "Made by `tests/load/run`; how it measures stands in `tests/load/README.md`.", "",
        f"- Machine: {v['cpu']}; server, database and wrk share it.",
        f"- Hòa Nhập {v['hoanhap']}, rustc {v['rustc']}, " + ", ".join(names[r["engine"]] for r in results) + f", wrk {v['wrk']}.",
        f"- {datetime.date.today().isoformat()}: `{command}`. {o.persons:,} persons, one case each; medians of {o.runs} runs of {o.seconds} s.",
        "- SQLite runs with `synchronous=full`, PostgreSQL with `fsync` and `synchronous_commit` on: what was answered is on disk.", "",
        "PostgreSQL is reached over a Unix socket, by the program as by pgbench. *Create* opens a case of a person who is of its category already.",
        "*List by status* returns 50 cases with opened names and is the figure that counts for lists. *List by unit and status* asks for one commune,",
        "which holds a handful of cases, and says what the filter itself costs. Every read and list waits until its view is logged on disk.",
    ]
    for r in results:
        lines += ["", f"## {names[r['engine']]}", "", "| | reached | target | |", "|---|---:|---:|---|"]
        at8 = {row["operation"]: row for row in r["rows"] if row["concurrency"] == 8}
        for op, target in TARGETS.items():
            if op in at8:
                lines.append(f"| {spoken[op]}, concurrency 8 | {at8[op]['per_second']:,.0f}/s | ≥ {target:,}/s | {mark(at8[op]['per_second'] >= target)} |")
        for op in TARGETS:
            if op in at8:
                ratio = at8[op]["p99_ms"] / max(at8[op]["p50_ms"], 0.001)
                lines.append(f"| {spoken[op]}, concurrency 8: p99 / p50 | {ratio:.1f} | ≤ {TAIL} | {mark(ratio <= TAIL)} |")
        if "create" in at8:
            lines.append(f"| retries per write, concurrency 8 | {at8['create']['retries_percent']:.2f} % | ≤ {RETRIES:.0f} % | {mark(at8['create']['retries_percent'] <= RETRIES)} |")
        lines.append(f"| memory after the run without logins (peak since ready {r['peak_mb']:.0f} MB) | {r['rss_mb']:.0f} MB | ≤ {MEMORY_MB} MB | {mark(r['rss_mb'] <= MEMORY_MB)} |")
        lines.append(f"| start to ready | {r['ready_ms']:.0f} ms | ≤ {READY_MS:,} ms | {mark(r['ready_ms'] <= READY_MS)} |")
        lines += ["", "| operation | concurrency | good answers/s (lowest–highest) | p50 ms | p99 ms | p99/p50 | failed | cores: server | database | wrk | others | memory MB | retries per write | statements |",
                  "|---|" + "---:|" * 13]
        for row in r["rows"]:
            count = r.get("statements", {}).get(row["operation"])
            cells = [
                spoken[row["operation"]], row["concurrency"], f"{row['per_second']:,.0f} ({row['lowest']:,.0f}–{row['highest']:,.0f})",
                f"{row['p50_ms']:.2f}", f"{row['p99_ms']:.2f}", f"{row['p99_ms'] / max(row['p50_ms'], 0.001):.1f}", row["failed"] + row["broken"],
                f"{row['cpu_server']:.2f}", f"{row['cpu_database']:.2f}" if r["engine"] == "postgres" else "in server",
                f"{row['cpu_wrk']:.2f}", f"{row['cpu_others']:.2f}", f"{row['rss_mb']:.0f}", f"{row['retries_percent']:.2f} %",
                f"{count['statements']:.0f}" if count else "–",
            ]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
        if "rss_login_mb" in r:
            lines += ["", f"After the logins: {r['rss_login_mb']:.0f} MB, peak {r['peak_login_mb']:.0f} MB. Logins that find the queue of hashes full get 503 at once and stand under failed."]
        if "limits" in r:
            lines += ["", "The database's own limit, in the same run, on a copy of the same database (" + (
                "pgbench, prepared statements" if r["engine"] == "postgres" else "a C program, one thread, the system's SQLite") + "): ", "",
                "| work | per second | p50 ms | p99 ms |", "|---|---:|---:|---:|"]
            lines += [f"| {name} | {rate:,.0f} | {p50 / 1000:.2f} | {p99 / 1000:.2f} |" for name, (rate, p50, p99) in r["limits"].items()]
    target = ROOT / "docs" / "benchmarks.md"
    # What people wrote about the figures stays.
    told = target.read_text().partition(TOLD)
    target.write_text("\n".join(lines) + "\n" + (f"\n{TOLD}{told[2]}" if told[1] else ""))


def main():
    o = parse()
    o.work.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda n, _: sys.exit(128 + n))
    results = []
    for engine in o.engines:
        results.append(measure_engine(o, engine))
        (o.work / "results.json").write_text(json.dumps(results, indent=1))
    if not o.no_write:
        report(o, results)
        say("written: docs/benchmarks.md")
    bad = [r for result in results for r in result["rows"] if r["broken"] or (r["failed"] and r["operation"] != "login")]
    for row in bad:
        say(f"{row['operation']} c={row['concurrency']}: {row['failed']} bad answers, {row['broken']} broken connections")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
