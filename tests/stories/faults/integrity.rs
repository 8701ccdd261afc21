//! What must hold of a database's rows whatever happened to whoever wrote them.

use crate::support::{Process, Scratch};

/// Rows that one transaction keeps together, found apart. In these stories a space has one member, and nothing but its
/// members' acts makes a new version of it.
const HALF_DONE: &str = "
    SELECT 'half done: space without its member', s.id FROM spaces s
     WHERE (SELECT count(*) FROM memberships m WHERE m.space_id = s.id) <> 1
    UNION ALL
    SELECT 'half done: space and audit log differ', s.id FROM spaces s
     WHERE s.version <> (SELECT count(*) FROM audit_entries e WHERE e.chain = 'space:' || s.id)
    UNION ALL
    SELECT 'half done: audit log and its head differ', c.chain FROM audit_chains c
     WHERE c.entries <> (SELECT count(*) FROM audit_entries e WHERE e.chain = c.chain)
    UNION ALL
    SELECT 'half done: key without its answer', k.scope FROM idempotency_keys k WHERE k.status = 0";

/// All foreign keys of the schema, each of one column, by looking for their rows without an index's help.
const ORPHANS: &str = "
    SELECT 'orphans', c.conname FROM pg_constraint c
      JOIN pg_attribute child ON child.attrelid = c.conrelid AND child.attnum = c.conkey[1]
      JOIN pg_attribute parent ON parent.attrelid = c.confrelid AND parent.attnum = c.confkey[1]
     WHERE c.contype = 'f' AND query_to_xml(format(
           'SELECT 1 FROM %s WHERE %I IS NOT NULL AND %I NOT IN (SELECT %I FROM %s) LIMIT 1',
           c.conrelid::regclass, child.attname, child.attname, parent.attname, c.confrelid::regclass),
           false, true, '')::text <> ''";

/// PostgreSQL's own look (amcheck) at every table, and at every index that each of its rows stands in it; of a broken index it
/// tells by an error.
const AMCHECK: &str = "
    SET client_min_messages = warning;
    CREATE EXTENSION IF NOT EXISTS amcheck;
    SELECT 'table', c.relname, found.msg FROM pg_class c, verify_heapam(c.oid) found
     WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace;
    DO $$ BEGIN PERFORM bt_index_check(i.indexrelid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE c.relnamespace = 'public'::regnamespace; END $$";

/// What is wrong with the database; nothing, if all is well.
pub fn findings(scratch: &Scratch) -> Vec<String> {
    let mut told = vec![scratch.sql(HALF_DONE)];
    if scratch.settings().contains_key("ESPACE_PRO_DATABASE_URL") {
        told.extend([scratch.psql(ORPHANS), scratch.psql(AMCHECK)]);
    } else {
        told.push(scratch.sql("PRAGMA integrity_check").trim_start_matches("ok").to_owned());
        told.push(scratch.sql("PRAGMA foreign_key_check"));
    }
    told.push(audit_verify(scratch));
    told.iter().flat_map(|told| told.lines()).map(str::to_owned).collect()
}

fn audit_verify(scratch: &Scratch) -> String {
    let done = Process::command(scratch, "audit").arg("verify").output().expect("the program");
    let told = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    if done.status.success() { String::new() } else { format!("audit verify: {told}") }
}
