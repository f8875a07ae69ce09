//! `lend access …`: who may do what in a project.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{Access, AccessPolicy, AccessUser, Binding, OfProject, On, Statements};
use crate::failure::{Failure, exit};
use crate::output::{column, note, print_fields, print_rows};
use crate::session::escaped;
use crate::text::{say, say_with};

/// Does what was asked.
pub fn run(on: &On<'_>, verb: &Access) -> Result<u8, Failure> {
    match verb {
        Access::Actions => actions(on),
        Access::Policy(verb) => policy(on, verb),
        Access::User(AccessUser::List(of)) => users(on, of),
        Access::User(AccessUser::Bind(binding)) => bind(on, &Method::PUT, binding),
        Access::User(AccessUser::Unbind(binding)) => bind(on, &Method::DELETE, binding),
    }
}

fn actions(on: &On<'_>) -> Result<u8, Failure> {
    let answer = on.session.get("/access/actions")?;
    let row = |action: &Value| {
        let routes = action["routes"].as_array().into_iter().flatten();
        let routes = routes.map(|route| {
            let part = |name: &str| route[name].as_str().unwrap_or_default().to_owned();
            format!("{} {}", part("method"), part("path"))
        });
        json!({
            "action": action["action"],
            "role": action["role"],
            "allowed": if action["is_allowed"] == true { "*" } else { "" },
            "text": action["text"],
            "routes": routes.collect::<Vec<_>>(),
        })
    };
    let rows: Vec<Value> = answer["actions"].as_array().into_iter().flatten().map(row).collect();
    let mut columns = vec![
        column("action", "Action", "操作"),
        column("role", "Least role", "最低角色"),
        column("allowed", "Allowed", "允许"),
        column("text", "What it is", "说明"),
    ];
    if on.global.long || !on.global.column.is_empty() {
        columns.push(column("routes", "Calls", "接口"));
    }
    print_rows(on, &columns, &rows)?;
    Ok(0)
}

/// The query of a call about a project.
fn query(of: &OfProject) -> String {
    of.of_project.as_ref().map(|id| format!("?project={}", escaped(id))).unwrap_or_default()
}

fn policy(on: &On<'_>, verb: &AccessPolicy) -> Result<u8, Failure> {
    match verb {
        AccessPolicy::List(of) => list(on, of),
        AccessPolicy::Show { policy, of } => {
            let found = find_policy(on, policy, of)?;
            print_policy(on, &found)
        }
        AccessPolicy::Create { name, statements, user, of } => {
            let users = user.iter().map(|user| find_user(on, user, of));
            let users = users.collect::<Result<Vec<_>, _>>()?;
            let body = json!({"name": name, "statements": parse(statements), "users": users});
            let path = format!("/access/policies{}", query(of));
            print_policy(on, &on.session.call(&Method::POST, &path, Some(&body))?)
        }
        AccessPolicy::Set { policy, name, statements, of } => {
            let found = find_policy(on, policy, of)?;
            let new = parse(statements);
            let is_given = new.as_array().is_some_and(|new| !new.is_empty());
            let body = json!({
                "name": name.as_deref().map_or_else(|| found["name"].clone(), Value::from),
                "statements": if is_given { new } else { found["statements"].clone() },
            });
            let path = format!("/access/policies/{}{}", id(&found), query(of));
            print_policy(on, &on.session.call(&Method::PUT, &path, Some(&body))?)
        }
        AccessPolicy::Delete { policy, of } => {
            let found = find_policy(on, policy, of)?;
            let path = format!("/access/policies/{}{}", id(&found), query(of));
            on.session.call(&Method::DELETE, &path, None)?;
            note(on, say(on.language, "deleted"));
            Ok(0)
        }
    }
}

/// The statements of a body; none where no flag was given.
fn parse(statements: &Statements) -> Value {
    let both = [("allow", &statements.allow), ("deny", &statements.deny)];
    let given = both.into_iter().filter(|(_, actions)| !actions.is_empty());
    given.map(|(effect, actions)| json!({"effect": effect, "actions": actions})).collect()
}

fn id(thing: &Value) -> String {
    escaped(thing["id"].as_str().unwrap_or_default())
}

/// The actions that the statements of one effect name.
fn named(policy: &Value, effect: &str) -> Value {
    let statements = policy["statements"].as_array().into_iter().flatten();
    let statements = statements.filter(|statement| statement["effect"] == effect);
    let actions = statements.flat_map(|statement| statement["actions"].as_array().into_iter());
    actions.flatten().cloned().collect()
}

fn print_policy(on: &On<'_>, policy: &Value) -> Result<u8, Failure> {
    let fields = [
        ("id", policy["id"].clone()),
        ("name", policy["name"].clone()),
        ("allow", named(policy, "allow")),
        ("deny", named(policy, "deny")),
        ("users", policy["users"].clone()),
        ("created_at", policy["created_at"].clone()),
        ("updated_at", policy["updated_at"].clone()),
    ];
    print_fields(on, &fields)?;
    Ok(0)
}

fn policies(on: &On<'_>, of: &OfProject) -> Result<Vec<Value>, Failure> {
    let answer = on.session.get(&format!("/access/policies{}", query(of)))?;
    Ok(answer["policies"].as_array().cloned().unwrap_or_default())
}

fn project_users(on: &On<'_>, of: &OfProject) -> Result<Vec<Value>, Failure> {
    let answer = on.session.get(&format!("/access/users{}", query(of)))?;
    Ok(answer["users"].as_array().cloned().unwrap_or_default())
}

/// What a name or an id means among things; an id goes first.
fn among(things: Vec<Value>, text: &str) -> Option<Value> {
    let by = |key: &str| things.iter().find(|thing| thing[key] == text).cloned();
    by("id").or_else(|| by("name"))
}

fn find_policy(on: &On<'_>, text: &str, of: &OfProject) -> Result<Value, Failure> {
    among(policies(on, of)?, text).ok_or_else(|| {
        let text = say_with(on.language, "no_policy", &[text]);
        Failure::new("ACCESS_POLICY_NOT_FOUND", exit::NOT_FOUND, text)
    })
}

fn find_user(on: &On<'_>, text: &str, of: &OfProject) -> Result<String, Failure> {
    let found = among(project_users(on, of)?, text).ok_or_else(|| {
        let text = say_with(on.language, "no_user", &[text]);
        Failure::new("USER_NOT_FOUND", exit::NOT_FOUND, text)
    })?;
    Ok(found["id"].as_str().unwrap_or_default().to_owned())
}

fn list(on: &On<'_>, of: &OfProject) -> Result<u8, Failure> {
    let row = |policy: &Value| {
        json!({
            "id": policy["id"],
            "name": policy["name"],
            "allow": named(policy, "allow"),
            "deny": named(policy, "deny"),
            "users": policy["users"],
        })
    };
    let rows: Vec<Value> = policies(on, of)?.iter().map(row).collect();
    let columns = [
        column("id", "ID", "ID"),
        column("name", "Name", "名称"),
        column("allow", "Allow", "允许"),
        column("deny", "Deny", "拒绝"),
        column("users", "Users", "用户"),
    ];
    print_rows(on, &columns, &rows)?;
    Ok(0)
}

fn users(on: &On<'_>, of: &OfProject) -> Result<u8, Failure> {
    let rows = project_users(on, of)?;
    let mut columns = vec![
        column("id", "ID", "ID"),
        column("name", "Name", "名称"),
        column("roles", "Roles", "角色"),
        column("policies", "Policies", "自定义策略"),
    ];
    if on.global.long || !on.global.column.is_empty() {
        columns.push(column("actions", "Actions", "操作"));
    }
    print_rows(on, &columns, &rows)?;
    Ok(0)
}

fn bind(on: &On<'_>, method: &Method, binding: &Binding) -> Result<u8, Failure> {
    let Binding { user, policy, of } = binding;
    let (user, policy) = (find_user(on, user, of)?, find_policy(on, policy, of)?);
    let path = format!("/access/policies/{}/users/{}{}", id(&policy), escaped(&user), query(of));
    print_policy(on, &on.session.call(method, &path, None)?)
}
