#!/usr/bin/env python3
"""Measures the synchronising of phones, with few and with many contacts stored, on both databases.

    tests/load/sync.py [--engines sqlite,postgres] [--stored 0,1000000] [--sessions 2000] [--contacts 20000]
                       [--runs 3] [--seconds 10] [--binary target/release/hoanhap] [--work DIR]

Needs Python 3 and a release build (cargo build --release --locked); for PostgreSQL its server and psql. The stored
contacts are sent through the same route, in groups of as many sessions and contacts as one phone brings, and one
group holds a tenth of them all; the data are kept in the work directory, and a fresh copy is measured. Prints
Markdown. What it measures, with the client on the same processors:

- up: a phone hands in all its sessions and contacts, in the largest batches there may be, packed by gzip;
- down: a phone that knows nothing reads them all, 2,000 changes a reply;
- alone: a phone hands in one session with ten contacts and reads them, in a group that holds nothing else, and in the
  one that holds a tenth of all contacts;
- day: phones at once, each handing in one session with ten contacts again and again, each in a group of its own.
"""
import argparse
import concurrent.futures
import gzip
import json
import os
import pathlib
import random
import shutil
import statistics
import sys
import tempfile
import time
import uuid

import measure
from measure import say, status_mb

UNIT, BATCH, PHONES, DAY = measure.PROVINCE, 5_000, 8, "2026-03-02"
options = argparse.ArgumentParser(allow_abbrev=False)
add = options.add_argument
add("--engines", default="sqlite,postgres")
add("--stored", default="0,1000000")
add("--sessions", type=int, default=2_000)
add("--contacts", type=int, default=20_000)
add("--runs", type=int, default=3)
add("--seconds", type=int, default=10)
add("--binary", default=str(measure.ROOT / "target" / "release" / "hoanhap"))
add("--work", default=os.path.join(tempfile.gettempdir(), "hoanhap-sync"))
o = options.parse_args()
o.work, o.persons = pathlib.Path(o.work).resolve(), 100


# --- What phones do -------------------------------------------------------------


def operation(kind, body, **more):
    return {"id": str(uuid.uuid4()), "at": f"{DAY}T09:00:00Z", "kind": kind, "body": body, **more}


def session():
    return operation("session_create", {
        "held_on": DAY, "unit_code": UNIT, "venue": random.choice(["street", "establishment"]), "workers": [1, 2],
        "topics": ["hiv", "sexual_health"], "supplies": {"condom": random.randint(1, 90)},
        "note": "Trời mưa, ít người; lần sau mang thêm tờ rơi." if random.random() < 0.3 else None})


def contact(of):
    body = {"worker": random.randint(1, 2), "sex": "female", "age_band": random.choice(["18_24", "25_34", "35_49"]),
            "seen": random.choice(["new", "repeat"]), "topics": ["hiv"], "needs": ["medical"] if random.random() < 0.4 else [],
            "violence": random.choice(["no", "yes", "not_asked"])}
    if random.random() < 0.6:
        letters = "".join(random.choices("abcdeghiklmnopqrstuvxy", k=4)).title()
        body["code"] = {"said": {"own_letters": letters, "mother_letters": letters[::-1].title(), "day": random.randint(1, 28),
                                 "month": random.randint(1, 12), "year": random.randint(1975, 2005), "place": random.randint(1, 4)}}
    if random.random() < 0.2:
        body["note"] = "Muốn học nghề may, hẹn gặp lại tuần sau."
    return operation("contact_create", body, session={"operation": of["id"]})


def work(sessions, contacts):
    """Operations in the order in which a phone makes them."""
    done, share, owed = [], contacts / sessions, 0.0
    for _ in range(sessions):
        made, owed = session(), owed + share
        done.append(made)
        while owed >= 1:
            done.append(contact(made))
            owed -= 1
    return done


class Phone:
    def __init__(self, server, group, token):
        self.server, self.group, self.token, self.device, self.cursor = server, group, token, str(uuid.uuid4()), None

    def packed(self, operations, limit):
        body = {"group_id": self.group, "device_id": self.device, "device_time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "limit": limit, "operations": operations, "cursor": self.cursor}
        return gzip.compress(json.dumps(body).encode(), 6)

    def send(self, packed, expected):
        reply = self.server.json_of(packed, {"Authorization": f"Bearer {self.token}", "Content-Encoding": "gzip"})
        bad = [result for result in reply["results"] if result["status"] != "applied"]
        if bad or len(reply["results"]) != expected:
            sys.exit(f"not applied: {bad[:2]}")
        self.cursor = reply["cursor"]
        return reply

    def hand_in(self, operations):
        """Seconds, the packing not counted; what was done is told back only by its results."""
        batches = [operations[at:at + BATCH] for at in range(0, len(operations), BATCH)]
        packed = [(self.packed(batch, 1), len(batch)) for batch in batches]
        begun = time.perf_counter()
        for body, number in packed:
            self.send(body, number)
        return time.perf_counter() - begun, sum(len(body) for body, _ in packed)

    def read_all(self):
        """Seconds until a phone that knew nothing knows everything, and how many records that are."""
        self.cursor, read, begun = None, 0, time.perf_counter()
        while True:
            reply = self.send(self.packed([], 2000), 0)
            read += len(reply["sessions"]) + len(reply["contacts"])
            if not reply["more"]:
                return time.perf_counter() - begun, read


class Server(measure.Server):
    def json_of(self, body, headers):
        status, text = self.ask("POST", "/api/v1/outreach/sync", body, headers)
        if status != 200:
            sys.exit(f"{status}: {text[:300]}")
        return json.loads(text)

    def by_admin(self, path, body):
        return self.json("POST", "/api/v1" + path, body, {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid.uuid4())})

    def group(self):
        """A new group and a leader of it; the administrator's session is renewed, for its token is short-lived."""
        self.renew()
        id = self.by_admin("/organisations", {"kind": "peer_group", "name": "Nhóm đo", "admin_unit_code": UNIT, "valid_from": "2020-01-01"})["id"]
        self.by_admin("/peer-groups", {"organisation_id": id, "kind": "peer_group", "supported_by_id": self.centre})
        return id, self.leader_of(id)

    def leader_of(self, group):
        """The token of a new leader."""
        username = f"do.{uuid.uuid4()}"
        made = self.by_admin("/users", {"username": username, "display_name": "Trưởng nhóm"})
        self.by_admin(f"/users/{made['id']}/roles", {"role": "peer_leader", "organisation_id": group})
        account = {"username": username, "invitation": made["invitation"], "password": uuid.uuid4().hex}
        return self.json("POST", "/api/v1/auth/accept-invitation", account)["access_token"]

    def found(self):
        accounts = json.loads((self.data / "accounts.json").read_text())
        admin = next(a for a in accounts if a["role"] == "administrator")
        self.log_in({"username": admin["username"], "password": admin["password"]})
        self.centre = next(x["id"] for x in self.get("/organisations?limit=200")["items"] if x["kind"] == "social_work_centre")


# --- The data -------------------------------------------------------------------


def prepare(engine, stored, cluster):
    pristine, name = o.work / f"{engine}-{stored}", f"sync_{stored}"
    done = pristine / "stored"
    if not done.exists() or (cluster and not cluster.has(name)):
        shutil.rmtree(pristine, ignore_errors=True)
        pristine.mkdir(parents=True)
        if cluster:
            cluster.sql(f"drop database if exists {name}")
            cluster.sql(f"create database {name}")
        server = Server(o, pristine / "data", cluster and cluster.url(name), pristine / "log")
        server.start()
        server.found()
        done.write_text(json.dumps(fill(server, stored)))
        server.stop()
        if cluster:
            cluster.sql("vacuum analyze", name)
    fresh = o.work / f"{engine}-run"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(pristine / "data", fresh)
    if cluster:
        cluster.copy(name, "sync_run")
    os.sync()
    return fresh, json.loads(done.read_text())


def fill(server, stored):
    """The largest group and its leader's device, and the seconds it took."""
    begun, largest = time.monotonic(), None
    sizes = [stored // 10] + [o.contacts] * ((stored - stored // 10) // o.contacts) if stored else []
    for size in sizes:
        id, token = server.group()
        phone = Phone(server, id, token)
        largest = largest or id
        phone.hand_in(work(size * o.sessions // o.contacts, size))
    say(f"stored {sum(sizes):,} contacts in {time.monotonic() - begun:.0f} s")
    return {"largest": largest, "seconds": time.monotonic() - begun, "contacts": sum(sizes)}


# --- Measuring --------------------------------------------------------------------


def first_sync(server):
    id, token = server.group()
    phone = Phone(server, id, token)
    operations = work(o.sessions, o.contacts)
    up, packed = phone.hand_in(operations)
    down, read = Phone(server, id, token).read_all()
    assert read == len(operations), (read, len(operations))
    return up, down, packed


def small(phone):
    operations = work(1, 10)
    packed = phone.packed(operations, 500)
    begun = time.perf_counter()
    phone.send(packed, len(operations))
    return time.perf_counter() - begun


def alone(server, group):
    """Milliseconds for one session with ten contacts, handed in and heard back by a phone that has read all: p50, p99."""
    phone = Phone(server, group, server.leader_of(group))
    phone.read_all()
    times = sorted(small(phone) for _ in range(100))
    return f"{at(times, 50):.1f}, {at(times, 99):.1f}"


def day(server):
    phones = [Phone(server, *server.group()) for _ in range(PHONES)]
    end = time.monotonic() + o.seconds

    def one(phone):
        times = []
        while time.monotonic() < end:
            times.append(small(phone))
        return times

    with concurrent.futures.ThreadPoolExecutor(PHONES) as pool:
        times = sorted(t for some in pool.map(one, phones) for t in some)
    return len(times) / o.seconds, times


def at(times, percent):
    return times[len(times) * percent // 100] * 1000


def measure_one(engine, stored):
    cluster = measure.Cluster(o.work) if engine == "postgres" else None
    data, kept = prepare(engine, stored, cluster)
    server = Server(o, data, cluster and cluster.url("sync_run"), o.work / f"{engine}.log")
    server.start()
    server.found()
    pathlib.Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # the peak counts from here
    ready = status_mb(server.pid, "VmRSS")
    runs = [first_sync(server) for _ in range(o.runs)]
    peak = status_mb(server.pid, "VmHWM")
    up, down = (statistics.median(run[place] for run in runs) for place in (0, 1))
    number = o.sessions + o.contacts
    row = [f"{kept['contacts']:,}", f"{up:.2f} ({min(r[0] for r in runs):.2f}–{max(r[0] for r in runs):.2f})", f"{number / up:,.0f}",
           f"{down:.2f} ({min(r[1] for r in runs):.2f}–{max(r[1] for r in runs):.2f})", f"{number / down:,.0f}"]
    row += [alone(server, server.group()[0]), alone(server, kept["largest"]) if kept["largest"] else "–"]
    rate, times = day(server)
    row += [f"{rate:,.0f}", f"{at(times, 50):.1f}", f"{at(times, 99):.1f}", f"{ready:.0f}", f"{peak:.0f}", f"{status_mb(server.pid, 'VmHWM'):.0f}"]
    size = cluster.sql("select pg_database_size('sync_run')") if cluster else (data / "hoanhap.db").stat().st_size
    row.append(f"{int(size) / 2**20:,.0f}")
    server.stop()
    if cluster:
        cluster.sql("drop database sync_run")
        cluster.stop()
    name = "PostgreSQL" if cluster else "SQLite"
    print("| " + " | ".join([name, *row]) + " |", flush=True)


def main():
    o.work.mkdir(parents=True, exist_ok=True)
    random.seed(2026)
    print(f"{o.sessions:,} sessions and {o.contacts:,} contacts; medians of {o.runs} runs, lowest and highest in brackets; {PHONES} phones for {o.seconds} s.\n")
    print("| engine | contacts stored | up s | operations/s | down s | records/s | alone p50, p99 ms | in the largest group | day: syncs/s | p50 ms | p99 ms |"
          " memory ready MB | peak of first syncs MB | peak MB | database MB |")
    print("|---|" + "---:|" * 14, flush=True)
    for engine in o.engines.split(","):
        for stored in map(int, o.stored.split(",")):
            measure_one(engine, stored)


if __name__ == "__main__":
    main()
