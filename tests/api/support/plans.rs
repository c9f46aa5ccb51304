//! Care plans and tasks as workers make them.

use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Call, Client, Reply, User};

/// A step of this worker, or of the worker of the case.
pub fn step(title: &str, owner: Option<Uuid>, due_on: NaiveDate) -> Value {
    json!({"title": title, "owner": {"kind": "worker", "account_id": owner}, "due_on": due_on})
}

/// A plan with one goal that has these steps.
pub fn plan_body(agreed_on: NaiveDate, review_on: NaiveDate, steps: &[Value]) -> Value {
    json!({
        "agreed_with": "self", "agreed_on": agreed_on, "review_on": review_on,
        "goals": [{"text": "Có nơi ở ổn định", "service_type": "social_support", "steps": steps}],
    })
}

impl Client {
    /// Puts a version of the plan, upon this version.
    pub fn put_plan(&self, user: &User, case: Uuid, upon: Option<i64>, body: &Value) -> Call<'_> {
        let call = self.put(&format!("/cases/{case}/care-plan"), body).by(user);
        match upon {
            Some(version) => call.version(version),
            None => call,
        }
    }

    /// The plan as it stands.
    #[track_caller]
    pub fn plan(&self, user: &User, case: Uuid) -> Value {
        self.get(&format!("/cases/{case}/care-plan")).by(user).send().expect(200).json()
    }

    /// Asks for a free task.
    pub fn ask_task(&self, user: &User, case: Uuid, owner: Option<Uuid>, due_on: NaiveDate) -> Call<'_> {
        let body = json!({"title": "Gọi điện buổi sáng", "kind": "contact", "owner_id": owner, "due_on": due_on});
        self.post(&format!("/cases/{case}/tasks"), &body).by(user)
    }

    /// Makes a free task of the worker of the case.
    #[track_caller]
    pub fn task(&self, user: &User, case: Uuid, due_on: NaiveDate) -> Uuid {
        self.ask_task(user, case, None, due_on).send().expect(201).id()
    }

    /// A task as it stands.
    #[track_caller]
    pub fn read_task(&self, user: &User, task: Uuid) -> Value {
        self.get(&format!("/tasks/{task}")).by(user).send().expect(200).json()
    }

    /// Takes a step with the task as it stands.
    #[track_caller]
    pub fn task_step(&self, user: &User, task: Uuid, step: &str, body: &Value) -> Reply {
        let version = self.get(&format!("/tasks/{task}")).by(user).send().expect(200).version();
        self.post(&format!("/tasks/{task}/{step}"), body).by(user).version(version).send()
    }

    /// Gives the case, as it stands, to this worker, or puts it back to wait.
    #[track_caller]
    pub fn give_case(&self, user: &User, case: Uuid, worker: Option<Uuid>) -> Reply {
        let version = self.get(&format!("/cases/{case}")).by(user).send().expect(200).version();
        let body = json!({"account_id": worker});
        self.put(&format!("/cases/{case}/assignment"), &body).by(user).version(version).send()
    }
}

/// The values at `field` of every item.
pub fn each<'a>(items: &'a [Value], field: &str) -> Vec<&'a str> {
    items.iter().map(|item| item[field].as_str().unwrap_or("-")).collect()
}
