//! An installation of one or two server processes that are killed and started again.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use diesel::RunQueryDsl as _;
use hoanhap::db::DatabaseUrl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::wire::{Line, Speaker};
use crate::canaries::{files, find_all, postgres_files};
use crate::process::{Dir, PASSWORD, Server, program};

/// The commune where everything is.
pub const UNIT: &str = "G34-P01";

/// One process, whenever it lives.
pub struct Node {
    settings: Vec<(&'static str, String)>,
    log: PathBuf,
    server: Mutex<Option<Server>>,
    address: Mutex<String>,
}

impl Node {
    fn start(&self) {
        let mut server = self.server.lock().expect("no thread broke it");
        let started = Server::start_with(self.command("serve"), &self.log);
        *self.address.lock().expect("no thread broke it") =
            started.base.strip_prefix("http://").expect("an address").to_owned();
        *server = Some(started);
    }

    fn command(&self, name: &str) -> Command {
        let mut command = program();
        command.arg(name).envs(self.settings.iter().map(|(name, value)| (*name, value)));
        command
    }

    /// As a power cut would, and a start after it.
    pub fn kill_and_start(&self) {
        self.server.lock().expect("no thread broke it").take().expect("it runs").kill();
        self.start();
    }

    pub fn speaker(&self, token: &str) -> Speaker {
        let address = self.address.lock().expect("no thread broke it").clone();
        Speaker { address, token: token.to_owned() }
    }
}

/// The processes, and the database they share.
pub struct Installation {
    pub nodes: Vec<Node>,
    database: Mutex<hoanhap::db::DbConnection>,
    is_sqlite: bool,
    /// Databases to drop, and where.
    made: Option<(String, [String; 2])>,
    pub centre: Value,
    admin: String,
    pub dir: Dir,
}

/// Leaders of a group, each by id and access token.
pub struct Group {
    pub id: Uuid,
    pub leaders: Vec<(Uuid, String)>,
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

impl Installation {
    /// One process on SQLite, which is one process at a time by its nature.
    pub fn sqlite() -> Self {
        let dir = Dir::new();
        let url = format!("sqlite:{}", dir.join("one/hoanhap.db").display());
        Self::found(dir, &url, "", &["one"], None)
    }

    /// Two processes on one PostgreSQL; none where there is no server to test with.
    pub fn postgres() -> Option<Self> {
        let Ok(admin) = std::env::var("HOANHAP_TEST_POSTGRES_URL") else {
            assert!(std::env::var_os("HOANHAP_TEST_REQUIRE_POSTGRES").is_none(), "PostgreSQL is required here");
            return None;
        };
        let dir = Dir::new();
        let name = dir.0.file_name().expect("a name").to_string_lossy().replace('-', "_");
        let names = [format!("{name}_records"), format!("{name}_keys")];
        names.iter().for_each(|name| statement(&admin, &format!("create database {name}")));
        let server = admin.rsplit_once('/').expect("a database").0;
        let [records, keys] = names.each_ref().map(|name| format!("{server}/{name}"));
        Some(Self::found(dir, &records, &keys, &["one", "other"], Some((admin, names))))
    }

    fn found(dir: Dir, url: &str, keys_url: &str, nodes: &[&str], made: Option<(String, [String; 2])>) -> Self {
        let node = |name: &&str| {
            let data = dir.join(name);
            std::fs::create_dir(&data).expect("a new directory");
            let log = data.join("server.log");
            let settings = vec![
                ("HOANHAP_SERVER__DATA_DIR", data.to_string_lossy().into_owned()),
                ("HOANHAP_DATABASE__URL", url.to_owned()),
                ("HOANHAP_KEYS__URL", keys_url.to_owned()),
                ("HOANHAP_KEYS__DIR", dir.join("keys").to_string_lossy().into_owned()),
                ("HOANHAP_FILES__DIR", dir.join("files").to_string_lossy().into_owned()),
                ("HOANHAP_LOG__FILTER", "hoanhap=trace,warn".to_owned()),
            ];
            Node { settings, log, server: Mutex::default(), address: Mutex::default() }
        };
        let nodes: Vec<Node> = nodes.iter().map(node).collect();
        let mut first = nodes[0].command("user");
        first.args(["create-admin", "quantri"]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = first.spawn().expect("the program starts");
        child.stdin.take().expect("its input").write_all(PASSWORD.as_bytes()).expect("its input takes text");
        assert!(child.wait().expect("the command ends").success());
        nodes.iter().for_each(Node::start);
        let database = url.parse::<DatabaseUrl>().expect("a URL").connect().expect("a connection");
        let is_sqlite = url.starts_with("sqlite");
        let (centre, admin) = (Value::Null, String::new());
        let mut installation = Self { nodes, database: Mutex::new(database), is_sqlite, made, centre, admin, dir };
        installation.log_admin_in();
        installation.centre = installation.organisation("social_work_centre");
        installation
    }

    /// Tokens are good for ten minutes.
    pub fn log_admin_in(&mut self) {
        let login = json!({"username": "quantri", "password": PASSWORD});
        let tokens = self.nodes[0].speaker("").post("/auth/login", &login, Line::Good);
        self.admin = text(&tokens, 200, "access_token");
    }

    fn by_admin(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        let key = format!("idempotency-key: sync-{}\r\n", Uuid::from_bytes(hoanhap::clock::Random::system().bytes()));
        self.nodes[0].speaker(&self.admin).ask("POST", path, Some(body), &key, Line::Good)
    }

    fn organisation(&self, kind: &str) -> Value {
        let body = json!({"kind": kind, "name": "Tổ chức thử", "admin_unit_code": UNIT, "valid_from": "2020-01-01"});
        text(&self.by_admin("/organisations", &body), 201, "id").into()
    }

    /// A new group and so many leaders of it; the names of their accounts begin with `name`.
    pub fn group(&self, name: &str, leaders: usize) -> Group {
        let id = self.organisation("peer_group");
        let body = json!({"organisation_id": id, "kind": "peer_group", "supported_by_id": self.centre});
        text(&self.by_admin("/peer-groups", &body), 201, "id");
        let leaders =
            (0..leaders).map(|number| self.account(&format!("{name}.{number}"), "peer_leader", &id)).collect();
        Group { id: id.as_str().and_then(|id| id.parse().ok()).expect("an id"), leaders }
    }

    /// A new account with one role: its id and access token.
    pub fn account(&self, username: &str, role: &str, organisation: &Value) -> (Uuid, String) {
        let made = self.by_admin("/users", &json!({"username": username, "display_name": "Người thử"}));
        let (account, invitation) = (text(&made, 201, "id"), text(&made, 201, "invitation"));
        let role = json!({"role": role, "organisation_id": organisation});
        text(&self.by_admin(&format!("/users/{account}/roles"), &role), 200, "id");
        let accept = json!({"username": username, "invitation": invitation, "password": PASSWORD});
        let tokens = self.nodes[0].speaker("").post("/auth/accept-invitation", &accept, Line::Good);
        (account.parse().expect("an id"), text(&tokens, 200, "access_token"))
    }

    /// Where everything of it stands: the records, keys, and logs of all servers.
    pub fn places(&self) -> Vec<PathBuf> {
        let of_database = if self.is_sqlite { Vec::new() } else { postgres_files() };
        [vec![self.dir.0.clone()], of_database].concat()
    }

    /// Has the database write all it knows to its files.
    pub fn checkpoint(&self) {
        if !self.is_sqlite {
            let mut database = self.database.lock().expect("no thread broke it");
            diesel::sql_query("checkpoint").execute(&mut *database).expect("a checkpoint");
        }
    }

    /// Whether a text stands as it is in a file of it.
    pub fn holds(&self, text: &str) -> bool {
        self.places().iter().flat_map(|place| files(place)).any(|file| {
            // Files of a running database come and go.
            std::fs::read(file).is_ok_and(|bytes| !find_all(&bytes, text.as_bytes()).is_empty())
        })
    }

    /// The last that servers said of themselves.
    pub fn logs(&self) -> String {
        let end = |node: &Node| {
            let log = std::fs::read_to_string(&node.log).unwrap_or_default();
            log.lines().rev().take(5).collect::<Vec<_>>().join("\n")
        };
        self.nodes.iter().map(end).collect::<Vec<_>>().join("\n")
    }

    /// One number that a query gives; `$` stands for this id.
    pub fn number(&self, sql: &str, id: Uuid) -> i64 {
        let id = if self.is_sqlite { format!("x'{}'", id.simple()) } else { format!("'{id}'") };
        let mut database = self.database.lock().expect("no thread broke it");
        let count: Result<Count, _> = diesel::sql_query(sql.replace('$', &id)).get_result(&mut *database);
        count.expect("a number").n
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.nodes.clear();
        if let Some((admin, names)) = &self.made {
            names.iter().for_each(|name| statement(admin, &format!("drop database {name} with (force)")));
        }
    }
}

fn text(answer: &Option<(u16, Value)>, status: u16, field: &str) -> String {
    let (told, body) = answer.as_ref().expect("an answer");
    assert_eq!(*told, status, "{body}");
    body[field].as_str().expect("a text").to_owned()
}

fn statement(url: &str, sql: &str) {
    let mut connection = url.parse::<DatabaseUrl>().expect("a URL").connect().expect("a connection");
    diesel::sql_query(sql).execute(&mut connection).expect("the statement runs");
}
