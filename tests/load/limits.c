/* What SQLite itself reaches with the work of one create, get and list, on a copy of the
 * measured database: limits COPY SECONDS ORGANISATION_HEX -> lines "name<TAB>per second<TAB>p50 us<TAB>p99 us".
 * One thread; the settings of the server. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST 2000000
static sqlite3 *db;
static sqlite3_stmt *make_case, *make_event, *make_key, *make_entry, *make_head, *get, *refs, *cats, *view, *list;
static unsigned char (*cases_)[16], (*persons)[16], organisation[16], account[16];
static char unit[32], statuses[16][32];
static int n_cases, n_statuses;
static double took[MOST];

static void fail(const char *what) { fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db)); exit(1); }
static void run(const char *sql) { if (sqlite3_exec(db, sql, 0, 0, 0)) fail(sql); }
static sqlite3_stmt *prepare(const char *sql) { sqlite3_stmt *s; if (sqlite3_prepare_v2(db, sql, -1, &s, 0)) fail(sql); return s; }
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static void id(sqlite3_stmt *s, int at, const void *bytes) { sqlite3_bind_blob(s, at, bytes, 16, SQLITE_STATIC); }
static void text(sqlite3_stmt *s, int at, const char *t) { sqlite3_bind_text(s, at, t, -1, SQLITE_STATIC); }
static void random_id(unsigned char *out) { sqlite3_randomness(16, out); }
static int drain(sqlite3_stmt *s) {
    int rows = 0, code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(s); i++) sqlite3_column_bytes(s, i);
        rows++;
    }
    if (code != SQLITE_DONE) fail(sqlite3_sql(s));
    sqlite3_reset(s);
    return rows;
}

static void create_one(void) {
    static unsigned char made[16], event[16];
    char key[40];
    int n = random() % n_cases;
    random_id(made); random_id(event);
    snprintf(key, sizeof key, "limit-%ld-%ld", random(), random());
    id(make_key, 1, account); sqlite3_bind_text(make_key, 2, key, -1, SQLITE_TRANSIENT); id(make_key, 3, made); drain(make_key);
    id(make_case, 1, made); id(make_case, 2, persons[n]); id(make_case, 3, organisation); text(make_case, 4, unit); id(make_case, 5, account); drain(make_case);
    id(make_event, 1, event); id(make_event, 2, made); id(make_event, 3, account); drain(make_event);
    id(make_entry, 1, made); id(make_entry, 2, account); drain(make_entry);
    id(make_head, 1, made); drain(make_head);
}
static void create(int n) { run("begin immediate"); for (int i = 0; i < n; i++) create_one(); run("commit"); }
static void read_one(void) {
    int n = random() % n_cases;
    id(get, 1, cases_[n]); drain(get);
    id(refs, 1, cases_[n]); drain(refs);
    id(cats, 1, persons[n]); drain(cats);
}
static void read_logged(int n) {
    static unsigned char made[16];
    for (int i = 0; i < n; i++) read_one();
    run("begin immediate");
    for (int i = 0; i < n; i++) { random_id(made); id(view, 1, made); id(view, 2, account); id(view, 3, cases_[random() % n_cases]); drain(view); }
    run("commit");
}
static void read_only(int n) { (void)n; read_one(); }
static void list_one(int n) { (void)n; id(list, 1, organisation); text(list, 2, statuses[random() % n_statuses]); drain(list); }

static int by_size(const void *a, const void *b) { double x = *(double *)a, y = *(double *)b; return (x > y) - (x < y); }
static void measure(const char *name, void (*work)(int), int group, int seconds) {
    double start = now(), last = start; int n = 0;
    while (last - start < seconds && n < MOST) { work(group); double t = now(); took[n++] = t - last; last = t; }
    qsort(took, n, sizeof *took, by_size);
    printf("%s\t%.0f\t%.0f\t%.0f\n", name, n * (double)group / (last - start), took[n / 2] * 1e6, took[(int)(n * .99)] * 1e6);
    fflush(stdout);
}

int main(int argc, char **argv) {
    if (argc != 4 || strlen(argv[3]) != 32) return 2;
    int seconds = atoi(argv[2]);
    for (int i = 0; i < 16; i++) { unsigned b; sscanf(argv[3] + 2 * i, "%2x", &b); organisation[i] = b; }
    if (sqlite3_open(argv[1], &db)) fail("open");
    run("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma cache_size = -4000; pragma temp_store = memory");
    cases_ = malloc(16 * 1000000); persons = malloc(16 * 1000000);
    sqlite3_stmt *s = prepare("select id, person_id, unit_code, opened_by from cases where organisation_id = ? limit 1000000");
    id(s, 1, organisation);
    while (sqlite3_step(s) == SQLITE_ROW) {
        memcpy(cases_[n_cases], sqlite3_column_blob(s, 0), 16); memcpy(persons[n_cases++], sqlite3_column_blob(s, 1), 16);
        snprintf(unit, sizeof unit, "%s", sqlite3_column_text(s, 2)); memcpy(account, sqlite3_column_blob(s, 3), 16);
    }
    sqlite3_finalize(s);
    s = prepare("select status from cases where organisation_id = ? group by 1 having count(*) > 50 limit 16");
    id(s, 1, organisation);
    while (sqlite3_step(s) == SQLITE_ROW) snprintf(statuses[n_statuses++], 32, "%s", sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    if (!n_cases || !n_statuses) { fprintf(stderr, "no cases\n"); return 1; }
    make_key = prepare("insert into idempotency_keys (account_id, key, body_mac, resource_id, created_at) values (?, ?, zeroblob(32), ?, '2026-01-01 00:00:00')");
    make_case = prepare("insert into cases (id, person_id, organisation_id, unit_code, category, status, received_on, opened_by, created_at, updated_at, version)"
                        " values (?, ?, ?, ?, 'identified_victim', 'received', '2026-01-01', ?, '2026-01-01 00:00:00', '2026-01-01 00:00:00', 1)");
    make_event = prepare("insert into case_events (id, case_id, kind, to_status, occurred_on, recorded_by, recorded_at) values (?, ?, 'opened', 'received', '2026-01-01', ?, '2026-01-01 00:00:00')");
    make_entry = prepare("insert into audit_entries (subject_kind, subject_id, seq, at, account_id, action, fields, mac) values ('case', ?, 1, '2026-01-01 00:00:00', ?, 'create', 'case', zeroblob(32))");
    make_head = prepare("insert into audit_heads (subject_kind, subject_id, seq, mac, seal, checkpointed) values ('case', ?, 1, zeroblob(32), zeroblob(32), 0)");
    get = prepare("select c.*, p.* from cases c join persons p on p.id = c.person_id where c.id = ?");
    refs = prepare("select * from referrals where case_id = ? order by created_at, id limit 200");
    cats = prepare("select possible_victim, at_risk from persons where id = ?");
    view = prepare("insert into view_log (at, account_id, subject_kind, subject_id, action) select '2026-01-01 00:00:00', ?2, 'case', ?3, 'read' where ?1 is not null");
    list = prepare("select c.*, p.sealed_name from cases c join persons p on p.id = c.person_id where c.organisation_id = ? and c.status = ? order by c.received_on desc, c.id desc limit 51");
    measure("get", read_only, 1, seconds);
    measure("get, views logged 1 a commit", read_logged, 1, seconds);
    measure("get, views logged 8 a commit", read_logged, 8, seconds);
    measure("list", list_one, 1, seconds);
    measure("create, 1 a commit", create, 1, seconds);
    measure("create, 8 a commit", create, 8, seconds);
    measure("create, 32 a commit", create, 32, seconds);
    return 0;
}
