#!/usr/bin/env python3
"""Measures the figures of programmes, with few and with many entries in the registers, on both databases.

    tests/load/programmes.py [--engines sqlite,postgres] [--scales 1,3] [--persons 57500] [--runs 20]
                             [--no-writes] [--no-files] [--binary target/release/hoanhap] [--work DIR]

Needs Python 3 and a release build (cargo build --release --locked); for PostgreSQL its server and psql. At scale 1 the
registers hold 1,000,000 communication activities, 250,000 inspections of 100,000 establishments, 200,000 attendances
of 40,000 staff at trainings, and 30,000 press items, over ten years and all communes of their time; the cases, some
60,000, are those of the demo, each of whose supports stands six times. Entries are written into the tables, then counted by "hoanhap statistics rebuild". Prints Markdown.
Each time is the median of the runs (the first of all in brackets), of one reader, with the client on the same processors:

- report by province: that of Decision 808 for the country and a year; on the map of its time, and on today's;
- after a write: the same, each time after an activity was recorded somewhere;
- communes: one indicator for the country, by 3,321 communes and 12 months;
- one province: its report by district.

A second table tells what it costs a write to keep figures: recording an activity, a member of staff and an establishment
with their marks (those of the last two are also of units that were merged), and with marks that the database throws away;
an assessment of four needs and a new case, with the triggers of standings and without them. The two are taken in turns,
so that both meet the same machine.

A third table tells of files of 100,000 activities in all communes: seconds from its sending to its last row, how long the
report by province takes meanwhile and afterwards, and the memory of the server when ready, and at its peak.
"""
import argparse
import datetime
import io
import json
import os
import pathlib
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile

import measure
from measure import say

options = argparse.ArgumentParser(allow_abbrev=False)
add = options.add_argument
add("--engines", default="sqlite,postgres")
add("--scales", default="1,3")
add("--persons", type=int, default=57_500)
add("--runs", type=int, default=20)
add("--writes", action=argparse.BooleanOptionalAction, default=True)
add("--files", action=argparse.BooleanOptionalAction, default=True)
add("--binary", default=str(measure.ROOT / "target" / "release" / "hoanhap"))
add("--work", default=os.path.join(tempfile.gettempdir(), "hoanhap-programmes"))
o = options.parse_args()
o.work = pathlib.Path(o.work).resolve()
COLUMNS = ("id register unit_code province_code day last_day kind facet number second_number about_id name step_one_on "
           "step_two_on step_three_on import_id recorded_by created_at updated_at voided_at version").split()
PLAN = "vn-808-2021-2025"


# --- The data -------------------------------------------------------------------


def units():
    import csv
    rows = {row["code"]: row for row in csv.DictReader(open(measure.ROOT / "config/admin_units/admin_units.csv", encoding="utf-8"))}

    def province(code):
        while rows[code]["level"] != "province":
            code = rows[code]["parent_code"]
        return rows[code]["successor_code"] or code
    communes = [row for row in rows.values() if row["level"] == "commune" and not row["valid_from"] or row["code"].startswith("G34-C")]
    old = [(row["code"], province(row["code"])) for row in communes if row["code"].startswith("G63") and row["valid_to"] == "2025-06-30"]
    new = [(row["code"], province(row["code"])) for row in communes if row["code"].startswith("G34")]
    provinces = [(code, province(code)) for code, row in rows.items() if row["level"] == "province" and code.startswith("G63")]
    return old, new, provinces


class Entries:
    """Rows of the registers, made up from a seed."""

    def __init__(self, account, scale):
        self.account, self.scale, self.random = account, scale, random.Random(7)
        self.old, self.new, self.provinces = units()
        self.begin = datetime.date(2017, 1, 1).toordinal()

    def row(self, register, where, day, **more):
        now = "2026-01-01 00:00:00.000000"
        row = dict(id=uuid.UUID(int=self.random.getrandbits(128), version=4), register=register, unit_code=where[0],
                   province_code=where[1], day=day, last_day=None, kind="", facet="", number=None, second_number=None, about_id=None,
                   name="", step_one_on=None, step_two_on=None, step_three_on=None, import_id=None, recorded_by=self.account,
                   created_at=now, updated_at=now, voided_at=None, version=1)
        row.update(more)
        return row

    def place(self):
        """A day and a commune of its time."""
        day = datetime.date.fromordinal(self.begin + self.random.randrange(3470))
        return self.random.choice(self.new if day >= datetime.date(2025, 7, 1) else self.old), day

    def all(self):
        pick = self.random.choice
        for _ in range(1_000_000 * self.scale):
            where, day = self.place()
            yield self.row("communication_activities", where, day, kind=pick(["face_to_face", "group_discussion", "loudspeaker", "meeting"]),
                           facet=pick(["residents", "establishment_workers", "upper_secondary_students"]), number=40, second_number=12)
        establishments = []
        for _ in range(100_000 * self.scale):
            where, day = self.place()
            one = self.row("establishments", where, day, kind=pick(["karaoke", "lodging", "massage", "bar", "cafe"]), name="Cơ sở", number=3)
            establishments.append((one["id"], where, day))
            yield one
        for _ in range(250_000 * self.scale):
            about, where, opened = pick(establishments)
            day = opened + datetime.timedelta(self.random.randrange(1500))
            yield self.row("inspections", where, min(day, datetime.date(2026, 6, 30)), kind=pick(["no_violation", "violation"]), about_id=about)
        self.staff = []
        for number in range(40_000 * self.scale):
            where, day = self.place()
            one = self.row("staff", where, day, kind=pick(["province", "district", "commune"]), facet="health", name=f"CB-{number}", number=1)
            self.staff.append(one["id"])
            yield one
        self.trainings = []
        for _ in range(5_000 * self.scale):
            where, day = self.place()
            one = self.row("staff_trainings", where, day, kind=pick(["prevention", "harm_reduction", "reintegration", "coordination"]))
            self.trainings.append(one["id"])
            yield one
        for _ in range(30_000 * self.scale):
            _, day = self.place()
            yield self.row("press_items", pick(self.provinces), min(day, datetime.date(2025, 6, 30)), kind="provincial", name="Báo")

    def participants(self):
        for training in self.trainings:
            for who in self.random.sample(self.staff, 40):
                yield training, who


def into_sqlite(path, entries):
    with sqlite3.connect(path) as db:
        # Rows stand in random order of their ids: without room for the indexes most of the time is spent on reading pages again.
        db.execute("pragma cache_size = -6000000")
        blob = lambda value: value.bytes if isinstance(value, uuid.UUID) else value.isoformat() if isinstance(value, datetime.date) else value
        places = ",".join("?" * len(COLUMNS))
        db.executemany(f"insert into register_entries ({','.join(COLUMNS)}) values ({places})",
                       ([blob(row[name]) for name in COLUMNS] for row in entries.all()))
        db.executemany("insert into register_participants (entry_id, who) values (?, ?)",
                       ((entry.bytes, who.bytes) for entry, who in entries.participants()))
    db = sqlite3.connect(path)
    db.execute(more_supports("randomblob(16)"))
    db.execute("analyze")
    db.commit()
    db.close()


def into_postgres(cluster, name, entries):
    def copy(table, columns, rows):
        command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", "postgres", "-d", name,
                   "-c", f"copy {table} ({','.join(columns)}) from stdin"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as psql:
            for row in rows:
                psql.stdin.write("\t".join("\\N" if value is None else str(value) for value in row) + "\n")
            psql.stdin.close()
            if psql.wait():
                sys.exit("psql failed")
    copy("register_entries", COLUMNS, ([row[name] for name in COLUMNS] for row in entries.all()))
    copy("register_participants", ["entry_id", "who"], entries.participants())
    cluster.sql(more_supports("gen_random_uuid()"), name)
    cluster.sql("vacuum analyze", name)


def more_supports(new_id):
    """Every support of the demo five times more."""
    same = ("case_id person_id referral_id organisation_id centre_id service_type delivered_on form amount_dong recorded_by "
            "voided_at void_reason created_at version").replace(" ", ", ")
    return (f"insert into deliveries (id, {same}) select {new_id}, {same} from deliveries "
            "cross join (select 1 union all select 2 union all select 3 union all select 4 union all select 5) as times")


class Server(measure.Server):
    def officer(self):
        """An officer of the country, and an administrator before."""
        accounts = json.loads((self.data / "accounts.json").read_text())
        admin = next(a for a in accounts if a["role"] == "administrator")
        self.log_in({"username": admin["username"], "password": admin["password"]})
        username = f"do.{uuid.uuid4()}"
        made = self.by("/users", {"username": username, "display_name": "Cán bộ"})
        self.by(f"/users/{made['id']}/roles", {"role": "programme_officer", "admin_unit_code": "VN"})
        self.keep(self.json("POST", "/api/v1/auth/accept-invitation",
                            {"username": username, "invitation": made["invitation"], "password": uuid.uuid4().hex}))
        return uuid.UUID(made["id"])

    def by(self, path, body):
        return self.json("POST", "/api/v1" + path, body, {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid.uuid4())})


def command(engine, data, cluster, name, *words):
    env = dict(os.environ, HOANHAP_SERVER__DATA_DIR=str(data), HOANHAP_LOG__FILTER="warn")
    if cluster:
        env["HOANHAP_DATABASE__URL"] = cluster.url(name)
    begun = time.monotonic()
    done = subprocess.run([o.binary, *words], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f"{words}: {done.stdout[-500:]}")
    return time.monotonic() - begun


def prepare(engine, scale, cluster):
    pristine, name = o.work / f"{engine}-{scale}", f"programmes_{scale}"
    done = pristine / "stored"
    if not done.exists() or (cluster and not cluster.has(name)):
        shutil.rmtree(pristine, ignore_errors=True)
        pristine.mkdir(parents=True)
        if cluster:
            cluster.sql(f"drop database if exists {name}")
            cluster.sql(f"create database {name}")
        server = Server(o, pristine / "data", cluster and cluster.url(name), pristine / "log")
        server.start()
        account = server.officer()
        server.stop()
        begun = time.monotonic()
        entries = Entries(account, scale)
        into_postgres(cluster, name, entries) if cluster else into_sqlite(pristine / "data" / "hoanhap.db", entries)
        say(f"{engine}, scale {scale}: stored in {time.monotonic() - begun:.0f} s")
        rebuilt = command(engine, pristine / "data", cluster, name, "statistics", "rebuild")
        say(f"rebuilt in {rebuilt:.0f} s")
        if cluster:
            cluster.sql("vacuum analyze", name)
        done.write_text(json.dumps({"rebuilt": rebuilt}))
    return pristine / "data", name, json.loads(done.read_text())


# --- Measuring --------------------------------------------------------------------


def timed(server, path):
    begun = time.perf_counter()
    status, text = server.ask("GET", "/api/v1" + path, headers={"Authorization": f"Bearer {server.token}"})
    if status != 200:
        sys.exit(f"{path}: {status} {text[:300]}")
    return (time.perf_counter() - begun) * 1000, len(text)


def median(server, path, before=lambda: None):
    first, size = timed(server, path)
    times = []
    for _ in range(o.runs):
        before()
        times.append(timed(server, path)[0])
    return f"{statistics.median(times):.0f} ({first:.0f})", size


def open_place(entries):
    """A day and a commune of its time, outside of the demo's province: some of its periods are closed."""
    (unit, province), day = entries.place()
    while province == "G34-P01":
        (unit, province), day = entries.place()
    return unit, day


def activity(server, entries):
    unit, day = open_place(entries)
    server.by("/registers/communication_activities/entries",
              {"unit_code": unit, "held_on": day.isoformat(), "form": "meeting", "audience": "residents", "first_time_this_year": 3})


def establishment(server, entries):
    unit, day = open_place(entries)
    server.by("/registers/establishments/entries", {"unit_code": unit, "name": f"Cơ sở {uuid.uuid4()}", "type": "karaoke", "opened_on": day.isoformat()})


def staff(server, entries):
    unit, day = open_place(entries)
    server.by("/registers/staff/entries", {"unit_code": unit, "staff_number": f"CB-{uuid.uuid4()}", "level": "commune", "agency": "health",
                                           "from": day.isoformat()})


def figures(server, engine, scale, kept):
    """A row of the first table."""
    entries = Entries(uuid.uuid4(), 1)
    path = f"/programmes/{PLAN}/indicators?period=2024"
    report, _ = median(server, f"{path}&breakdown=province")
    today, _ = median(server, f"{path}&breakdown=province&map=today")
    moved, _ = median(server, f"{path}&breakdown=province", lambda: activity(server, entries))
    communes, large = median(server, f"{path}&breakdown=commune,month&map=today&indicator=808-08a")
    own, _ = median(server, f"{path}&unit=G63-P38&breakdown=district")
    return [engine, f"{scale}×", report, today, moved, f"{communes} · {large / 1e6:.1f} MB", own, f"{kept['rebuilt']:.0f}"]


# --- What keeping costs a write ---------------------------------------------------


class Keeping:
    """Switches what a write does for figures off and on."""

    def __init__(self, engine, data, cluster, name):
        self.engine, self.path, self.cluster, self.name = engine, data / "hoanhap.db", cluster, name

    def run(self, *statements):
        if self.engine == "sqlite":
            with sqlite3.connect(self.path, timeout=60, isolation_level=None) as db:
                for statement in statements:
                    db.execute(statement)
        else:
            self.cluster.sql("; ".join(statements), self.name)

    def marks(self, on):
        sqlite = {True: "drop trigger measured", False: "create trigger measured before insert on sums_due begin select raise(ignore); end"}
        postgres = {True: "drop rule measured on sums_due", False: "create rule measured as on insert to sums_due do instead nothing"}
        self.run((sqlite if self.engine == "sqlite" else postgres)[on])

    def triggers(self, on):
        if self.engine == "sqlite":
            if not on:
                with sqlite3.connect(self.path) as db:
                    self.dropped = db.execute("select name, sql from sqlite_master where type = 'trigger' and name like 'standings%'").fetchall()
                self.run(*(f"drop trigger {name}" for name, _ in self.dropped))
            else:
                self.run(*(sql for _, sql in self.dropped))
        else:
            found = self.cluster.sql("select tgrelid::regclass, tgname from pg_trigger where tgname like 'standings%'", self.name)
            switch = "enable" if on else "disable"
            self.run(*("alter table {} {} trigger {}".format(table, switch, trigger) for table, trigger in map(str.split, found.splitlines())))


def in_turns(switch, write, rounds=10, number=40):
    """Median milliseconds of a write with keeping and without."""
    times = {True: [], False: []}
    for turn in range(rounds):
        for on in (True, False) if turn % 2 else (False, True):
            if not on:
                switch(False)
            write()
            for _ in range(number):
                begun = time.perf_counter()
                write()
                times[on].append((time.perf_counter() - begun) * 1000)
            if not on:
                switch(True)
    kept, bare = (statistics.median(times[on]) for on in (True, False))
    return f"{kept:.2f} · {bare:.2f} · {(kept / bare - 1) * 100:+.0f} %"


def writes(server, engine, data, cluster, name):
    """A row of the second table."""
    keeping = Keeping(engine, data, cluster, name)
    entries = Entries(uuid.uuid4(), 1)
    marks = [in_turns(keeping.marks, lambda: record(server, entries)) for record in (activity, staff, establishment)]
    accounts = json.loads((data / "accounts.json").read_text())
    manager = next(a for a in accounts if a["role"] == "centre_manager")
    server.log_in({"username": manager["username"], "password": manager["password"]})
    work = measure.Work(server, o.work / "lists", manager)
    opened = [case["id"] for case in server.pages("/cases?status=receiving_support&limit=200")][:200]
    day = datetime.date.today().isoformat()
    needs = [{"service_type": service, "in_need": True, "eligible": True} for service in ("vocational_training", "social_support", "loan", "legal_aid")]
    assess = lambda: server.by(f"/cases/{random.choice(opened)}/assessments", {"assessed_on": day, "needs": needs})
    assessments = in_turns(keeping.triggers, assess)
    cases = in_turns(keeping.triggers, lambda: work.once(server, "create"))
    return [engine, *marks, assessments, cases]


# --- Files ----------------------------------------------------------------------------

FIELDS = ["unit_code", "held_on", "form", "audience", "attendances", "first_time_this_year"]


def lines_of(entries, number=100_000):
    yield FIELDS
    # No file is taken twice.
    attendances = str(40 + time.time_ns() % 1_000_000)
    for _ in range(number):
        unit, day = open_place(entries)
        yield [unit, day.strftime("%d/%m/%Y"), "meeting", "residents", attendances, "3"]


def csv_of(lines):
    return "\n".join(";".join(line) for line in lines).encode()


def xlsx_of(lines):
    """A workbook of one sheet, each of whose cells holds its text, as other programs write them."""
    cell = lambda column, row, text: f'<c r="{chr(65 + column)}{row}" t="inlineStr"><is><t>{text}</t></is></c>'
    rows = (f'<row r="{row}">{"".join(cell(column, row, text) for column, text in enumerate(line))}</row>' for row, line in enumerate(lines, 1))
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheet_type = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
                               f'relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{sheet_type}.sheet.main+xml"/>'
                               f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{sheet_type}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{"".join(rows)}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(name, text)
    return out.getvalue()


def files(server, engine):
    """Rows of the third table."""
    rows, path = [], f"/programmes/{PLAN}/indicators?period=2024&breakdown=province"
    for form, write in (("CSV", csv_of), ("XLSX", xlsx_of)):
        body, ready = write(lines_of(Entries(uuid.uuid4(), 1))), measure.status_mb(server.pid, "VmRSS")
        bearer = {"Authorization": f"Bearer {server.token}"}
        begun = time.perf_counter()
        status, text = server.ask("POST", "/api/v1/registers/communication_activities/imports?apply=true", body,
                                  {**bearer, "Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/octet-stream"})
        if status != 202:
            sys.exit(f"{form}: {status} {text[:300]}")
        job, meanwhile = json.loads(text)["id"], []
        while True:
            state = json.loads(server.ask("GET", f"/api/v1/registers/imports/{job}", headers=bearer)[1])["state"]
            if state not in ("checking", "storing"):
                break
            meanwhile.append(timed(server, path)[0])
            time.sleep(0.2)
        took = time.perf_counter() - begun
        if state != "done":
            sys.exit(f"{form}: {state}")
        after = timed(server, path)[0]
        rows.append([engine, f"{form}, {len(body) / 1e6:.1f} MB", f"{took:.1f}", f"{statistics.median(meanwhile):.0f} ({max(meanwhile):.0f})",
                     f"{after:.0f}", f"{ready:.0f} · {measure.status_mb(server.pid, 'VmHWM'):.0f}"])
    return rows


def measure_one(engine, scale):
    cluster = measure.Cluster(o.work) if engine == "postgres" else None
    data, name, kept = prepare(engine, scale, cluster)
    server = Server(o, data, cluster and cluster.url(name), o.work / f"{engine}.log")
    server.start()
    server.officer()
    row = figures(server, engine, scale, kept)
    told = files(server, engine) if o.files and scale == 1 else []
    cost = [writes(server, engine, data, cluster, name)] if o.writes and scale == 1 else []
    server.stop()
    if cluster:
        cluster.stop()
    return [row], cost, told


def table(heads, rows):
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def main():
    found = [[], [], []]
    for scale in (int(scale) for scale in o.scales.split(",")):
        for engine in o.engines.split(","):
            for rows, more in zip(found, measure_one(engine, scale)):
                rows.extend(more)
                for row in more:
                    say(" | ".join(row))
    heads = [
        ["engine", "scale", "report by province, ms", "on today's map, ms", "after a write, ms", "3,321 communes × 12 months, ms", "one province, ms",
         "rebuild, s"],
        ["engine", "recording an activity: kept · not kept, ms", "staff", "an establishment", "an assessment of four needs", "a new case"],
        ["engine", "100,000 activities", "stored, s", "report meanwhile: median (longest), ms", "report afterwards, ms", "memory when ready · peak, MB"],
    ]
    for head, rows in zip(heads, found):
        if rows:
            table(head, rows)


main()
