//! Which rows reference others, asked of the database itself, so that a table that is added
//! later counts without anybody having to think of it.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::types::{Id, id_type};
use super::{DbConnection, Engine};

/// Rows of a table of ours that name others by their ids, and what references those.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Table that names them.
    pub table: &'static str,
    /// Its column that picks the rows.
    pub key: &'static str,
    /// What it picks.
    pub key_value: uuid::Uuid,
    /// Tables that are named, each with the column that names it.
    pub references: &'a [(&'static str, &'static str)],
    /// Tables of which only rows of this condition count; `c` is the row, `$1` the key.
    pub except: &'a [(&'static str, &'static str)],
}

id_type! {
    /// Value of the key, whatever it is the id of.
    KeyValue;
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    child: String,
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Columns with a foreign key to the id of `table`.
fn referencing(conn: &mut DbConnection, table: &str) -> QueryResult<Vec<Column>> {
    let sql = match conn.engine() {
        Engine::Sqlite => {
            "select m.name as child, f.\"from\" as name \
             from sqlite_master m, pragma_foreign_key_list(m.name) f \
             where m.type = 'table' and f.\"table\" = $1 order by 1, 2"
        }
        Engine::Postgres => {
            "select c.conrelid::regclass::text as child, a.attname::text as name \
             from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1] \
             where c.contype = 'f' and c.confrelid = to_regclass($1) order by 1, 2"
        }
    };
    diesel::sql_query(sql).bind::<Text, _>(table).load(conn)
}

/// Counts the rows, of any table, that reference what the given rows name; each row once.
///
/// # Errors
/// The engine's own.
pub fn count_references(conn: &mut DbConnection, rows: &Rows<'_>) -> QueryResult<i64> {
    // One query a table; names come from the database's own catalogue and from this program.
    let mut parts: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    let Rows { table, key, references, except, .. } = rows;
    for (named, by) in *references {
        for Column { child, name } in referencing(conn, named)? {
            let condition = except.iter().find(|(table, _)| *table == child).map_or("true", |(_, condition)| condition);
            let part = format!(
                "select c.* from {table} r join {child} c on c.{name} = r.{by} where r.{key} = $1 and ({condition})"
            );
            parts.entry(child).or_default().push(part);
        }
    }
    let mut total = 0;
    for part in parts.values() {
        let sql = format!("select count(*) as n from ({}) rows", part.join(" union "));
        let count: Count = diesel::sql_query(sql).bind::<Id, _>(KeyValue(rows.key_value)).get_result(conn)?;
        total += count.n;
    }
    Ok(total)
}
