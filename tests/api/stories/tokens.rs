//! Only tokens that this installation signed, for itself, with every claim, count.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{TestApp, World, both_dbs};

/// PKCS#8 wrapping of an Ed25519 seed (RFC 8410).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

fn key_from(seed: &[u8]) -> EncodingKey {
    EncodingKey::from_ed_der(&[PKCS8.as_slice(), seed].concat())
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The claims of a genuine token.
fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("JSON")
}

fn without(claims: &Value, name: &str) -> Value {
    let mut claims = claims.clone();
    claims.as_object_mut().expect("an object").remove(name);
    claims
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

/// Claims that no genuine token has, though the signature is right.
fn wrong_claims(genuine: &Value) -> Vec<(String, Value)> {
    let at = genuine["iat"].as_i64().expect("seconds");
    let mut wrong: Vec<(String, Value)> = ["exp", "nbf", "iat", "iss", "aud", "sub", "sid"]
        .into_iter()
        .map(|name| (format!("no {name}"), without(genuine, name)))
        .collect();
    for (name, value) in [
        ("exp", json!(at - 60)),
        ("nbf", json!(at + 60)),
        ("aud", json!("another-api")),
        ("iss", json!("another")),
        ("sub", json!(uuid::Uuid::nil())),
        ("sid", json!(uuid::Uuid::nil())),
        ("exp", json!("soon")),
        ("role", json!("administrator")),
    ] {
        wrong.push((format!("{name} = {value}"), with(genuine, name, value)));
    }
    wrong
}

both_dbs! {
    fn forged_tokens_are_refused(app: &TestApp) {
        let world = World::build(app);
        let token = app.token(&world.administrator);
        app.get("/users").bearer(&token).send().expect(200);
        let refuse = |what: &str, token: &str| {
            let reply = app.get("/users").bearer(token).send();
            assert_eq!(reply.status, 401, "{what}: {}", reply.text());
        };
        let genuine = claims_of(&token);
        let seed = app.state().ring.tokens.derive("access token signing key");
        let (own, strange) = (key_from(seed.as_slice()), key_from(&[7; 32]));
        let eddsa = Header::new(Algorithm::EdDSA);
        let sign = |header: &Header, claims: &Value, key: &EncodingKey| jsonwebtoken::encode(header, claims, key).expect("signed");
        let again = sign(&eddsa, &genuine, &own);
        app.get("/users").bearer(&again).send().expect(200);
        refuse("another key", &sign(&eddsa, &genuine, &strange));
        for (what, claims) in wrong_claims(&genuine) {
            refuse(&what, &sign(&eddsa, &claims, &own));
        }
        let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        let hmac = sign(&Header::new(Algorithm::HS256), &genuine, &EncodingKey::from_secret(&public));
        refuse("HS256 with the public key", &hmac);
        let mut kid = eddsa.clone();
        kid.kid = Some("../../dev/null".into());
        refuse("a key id", &sign(&kid, &genuine, &own));
        let signature = token.rsplit('.').next().expect("a signature");
        for alg in ["none", "None", "NONE", ""] {
            let header = part(&json!({"alg": alg, "typ": "JWT"}));
            refuse("alg none, unsigned", &format!("{header}.{}.", part(&genuine)));
            refuse("alg none, signed", &format!("{header}.{}.{signature}", part(&genuine)));
        }
        let head = token.split('.').next().expect("a header");
        let other = with(&genuine, "sub", json!(world.worker.id));
        refuse("another account under the same signature", &format!("{head}.{}.{signature}", part(&other)));
        refuse("a token cut short", &token[..token.len() - 2]);
        refuse("nothing", "");
        refuse("no token", "x.y.z");
    }

    fn a_session_of_one_account_does_not_serve_another(app: &TestApp) {
        let world = World::build(app);
        let genuine = claims_of(&app.token(&world.worker));
        let seed = app.state().ring.tokens.derive("access token signing key");
        let mixed = with(&genuine, "sub", json!(world.administrator.id));
        let token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &mixed, &key_from(seed.as_slice())).expect("signed");
        app.get("/users").bearer(&token).send().expect_problem(401, "unauthenticated");
    }

    fn only_the_bearer_scheme_is_taken(app: &TestApp) {
        let world = World::build(app);
        let token = app.token(&world.worker);
        for value in [token.clone(), format!("Basic {token}"), format!("Bearer  {token} x"), "Bearer".into()] {
            app.get("/me").header("authorization", &value).send().expect_problem(401, "unauthenticated");
        }
        app.get(&format!("/me?access_token={token}")).send().expect_problem(401, "unauthenticated");
    }

    fn refresh_tokens_cannot_be_made_up(app: &TestApp) {
        let world = World::build(app);
        let pair = app.login(&world.worker.username, crate::support::client::PASSWORD).expect(200);
        let genuine = URL_SAFE_NO_PAD.decode(pair.text_at("/refresh_token")).expect("base64");
        for position in [0, 15, 16, 19, 20, 51] {
            let mut bytes = genuine.clone();
            bytes[position] ^= 1;
            let body = json!({"refresh_token": URL_SAFE_NO_PAD.encode(&bytes)});
            app.post("/auth/refresh", &body).send().expect_problem(401, "login_refused");
        }
        let body = json!({"refresh_token": pair.text_at("/access_token").chars().take(190).collect::<String>()});
        app.post("/auth/refresh", &body).send().expect_problem(401, "login_refused");
        app.post("/auth/refresh", &json!({"refresh_token": pair.text_at("/refresh_token")})).send().expect(200);
    }
}
