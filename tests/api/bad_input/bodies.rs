//! Bodies and headers that are not what a route takes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Bad, CANARY, refuse_all};
use crate::support::casework::person_body;
use crate::support::{TestApp, World, both_dbs};

/// The methods that are described for a path; where a word stands in the place of an id, those of both.
fn methods_at(paths: &serde_json::Map<String, Value>, path: &str) -> BTreeSet<String> {
    let fits = |other: &str| {
        let (one, other) = (path.split('/'), other.trim_start_matches("/api/v1").split('/'));
        let same = |(one, other): (&str, &str)| one == other || other.starts_with('{');
        one.clone().count() == other.clone().count() && one.zip(other).all(same)
    };
    let found = paths.iter().filter(|(other, _)| fits(other)).map(|(_, methods)| methods);
    found.flat_map(|methods| methods.as_object().expect("methods").keys()).map(|method| method.to_uppercase()).collect()
}

both_dbs! {
    fn a_body_that_is_not_the_described_json_is_refused(app: &TestApp) {
        let world = World::build(app);
        let raw = |bytes: &[u8]| app.call("POST", "/persons").by(&world.worker).bytes(bytes, "application/json");
        let text = |text: &str| raw(text.as_bytes());
        let mut latin = person_body(CANARY).to_string().into_bytes();
        let place = latin.windows(2).position(|pair| pair == b"Qu").expect("the name");
        latin[place] = 0xff;
        let deep = format!("{{\"name\":{}", "[".repeat(100_000));
        let malformed = |what, call| Bad::new(what, call, 400, "malformed");
        refuse_all(app, vec![
            malformed("no JSON", text(CANARY)),
            malformed("JSON cut short", text(&format!("{{\"name\": \"{CANARY}"))),
            malformed("a list", text(&format!("[\"{CANARY}\"]"))),
            malformed("a text", text(&format!("\"{CANARY}\""))),
            malformed("two objects", text(&format!("{0}{0}", person_body(CANARY)))),
            malformed("the same field twice", text(&format!("{{\"sex\": \"male\", \"sex\": \"female\", \"name\": \"{CANARY}\"}}"))),
            malformed("no body", raw(b"")),
            malformed("bytes that are not UTF-8", raw(&latin)),
            malformed("JSON as deep as it is long", text(&deep)),
            malformed("half a surrogate", text(&person_body("x").to_string().replace("\"x\"", "\"\\ud800\""))),
        ]);
    }

    fn a_body_of_another_type_or_size_is_refused(app: &TestApp) {
        let world = World::build(app);
        let call = || app.call("POST", "/persons").by(&world.worker);
        let body = person_body(CANARY).to_string();
        let large = person_body(&"á".repeat(200_000)).to_string();
        let huge = vec![b' '; 10 * 1024 * 1024];
        refuse_all(app, vec![
            Bad::new("text", call().bytes(body.as_bytes(), "text/plain"), 415, "unsupported_media_type"),
            Bad::new("form", call().bytes(b"name=x", "application/x-www-form-urlencoded"), 415, "unsupported_media_type"),
            Bad::new("400 kB", call().bytes(large.as_bytes(), "application/json"), 413, "too_large"),
            Bad::new("10 MB", call().bytes(&huge, "application/json"), 413, "too_large"),
        ]);
    }

    fn a_route_that_is_not_there_answers_like_the_others(app: &TestApp) {
        let world = World::build(app);
        let ask = |method, path| app.call(method, path).by(&world.worker).without_key();
        refuse_all(app, vec![
            Bad::new("no route", ask("GET", "/nothing"), 404, "not_found"),
            Bad::new("no route at the root", app.get("/api/v2/cases"), 404, "not_found"),
            Bad::new("a method the route lacks", ask("DELETE", "/cases"), 405, "method_not_allowed"),
            Bad::new("an id that cannot be one", ask("GET", "/cases/4711"), 404, "not_found"),
            Bad::new("a path with a NUL", ask("GET", "/cases/%00"), 404, "not_found"),
            Bad::new("a kind that is none", app.get("/audit/trail/letter/4711").by(&world.auditor), 404, "not_found"),
        ]);
    }

    fn a_method_that_a_path_lacks_is_told_with_those_it_has_and_to_everybody_alike(app: &TestApp) {
        let world = World::build(app);
        let described = serde_json::to_value(hoanhap::server::description()).expect("the description is JSON");
        let paths = described["paths"].as_object().expect("paths");
        let nobody = uuid::Uuid::nil().to_string();
        let mut told = 0;
        for path in paths.keys().filter_map(|path| path.strip_prefix("/api/v1")) {
            let filled = path.split('/').map(|part| if part.starts_with('{') { nobody.as_str() } else { part });
            let path = filled.collect::<Vec<_>>().join("/");
            let allowed = methods_at(paths, &path);
            for method in ["DELETE", "PATCH", "OPTIONS"].into_iter().filter(|method| !allowed.contains(*method)) {
                let ask = || app.call(method, &path).without_key();
                for call in [ask(), ask().by(&world.worker)] {
                    let reply = call.send().expect_problem(405, "method_not_allowed");
                    let told_here = reply.header("allow").unwrap_or_default().split(", ").map(str::to_owned).collect();
                    assert_eq!(allowed, told_here, "{method} {path}");
                    told += 1;
                }
            }
        }
        assert!(told > 400, "only {told} replies");
    }

    fn headers_that_a_change_needs_are_asked_for_by_name(app: &TestApp) {
        let world = World::build(app);
        let post = || app.call("POST", "/persons").json(&person_body(CANARY)).by(&world.worker);
        let key = "Idempotency-Key";
        let long = "k".repeat(101);
        refuse_all(app, vec![
            Bad::new("no key", post().without_key(), 400, "malformed").names(key, "required"),
            Bad::new("a short key", post().key("k"), 400, "malformed").names(key, "length"),
            Bad::new("a long key", post().key(&long), 400, "malformed").names(key, "length"),
            Bad::new("no token", app.call("POST", "/persons").json(&json!({})), 401, "unauthenticated"),
        ]);
    }

    fn parameters_of_a_query_are_checked(app: &TestApp) {
        let world = World::build(app);
        let get = |path: &str| app.get(path).by(&world.worker);
        let invalid = |what, path: &str| Bad::new(what, get(path), 422, "invalid");
        let malformed = |what, path: &str| Bad::new(what, get(path), 400, "malformed");
        refuse_all(app, vec![
            invalid("limit 0", "/cases?limit=0").names("limit", "range"),
            invalid("limit 201", "/persons?limit=201").names("limit", "range"),
            invalid("limit -1", "/referrals?limit=-1").names("limit", "range"),
            malformed("a limit that is no number", "/cases?limit=Qu%E1%BA%A1v%C3%A0ng7").names("limit", "format"),
            invalid("a cursor of nobody", "/cases?cursor=Qu%E1%BA%A1v%C3%A0ng7").names("cursor", "cursor"),
            invalid("a cursor of another list", "/cases?cursor=fDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw").names("cursor", "cursor"),
            malformed("an unknown parameter", "/cases?name=Qu%E1%BA%A1v%C3%A0ng7"),
            malformed("an unknown status", "/cases?status=Qu%E1%BA%A1v%C3%A0ng7").names("status", "format"),
            malformed("an id that is none", "/cases?person_id=Qu%E1%BA%A1v%C3%A0ng7").names("person_id", "format"),
            malformed("the same parameter twice", "/cases?limit=1&limit=2"),
            invalid("neither case nor referral", "/deliveries").names("case_id", "required"),
            malformed("a day that is none", "/admin-units?on=2025-02-30").names("on", "format"),
            invalid("a name of one letter", "/admin-units?name=a").names("name", "length"),
        ]);
    }
}
