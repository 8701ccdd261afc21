//! The statements of the floor: the least that the product's answers need, on each database's own connection.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::answer::{SpaceAnswer, Summary};
use crate::{
    kept::Kept,
    rows::{ChainRow, EntryRow, MembershipRow, SpaceRow},
    schema::{audit_chains, audit_entries, memberships, persons, products, sessions, spaces},
};

/// Whose live session it is.
#[derive(Queryable)]
pub struct Caller {
    pub person: String,
    pub product: String,
    pub current_space: Option<String>,
}

/// All that opening a space writes.
pub struct Opened {
    pub space: SpaceRow,
    pub membership: MembershipRow,
    pub chain: ChainRow,
    pub entry: EntryRow,
}

/// How many spaces a list shows at most: more than anybody has here.
const MOST: i64 = 100;

/// Writes the statements for one kind of connection.
macro_rules! statements {
    ($database:ident: $connection:ty) => {
        pub mod $database {
            use super::*;

            pub fn caller(db: &mut $connection, session: &str, idle_since: NaiveDateTime) -> QueryResult<Caller> {
                sessions::table
                    .inner_join(products::table)
                    .filter(sessions::id.eq(session))
                    .filter(sessions::ended.is_null())
                    .filter(sessions::refreshed_at.gt(idle_since))
                    .filter(products::status.eq("registered"))
                    .select((sessions::person_id, sessions::product_id, sessions::current_space))
                    .get_result(db)
            }

            pub fn spaces(db: &mut $connection, caller: &Caller, now: NaiveDateTime) -> QueryResult<Vec<Summary>> {
                spaces::table
                    .inner_join(memberships::table)
                    .filter(memberships::person_id.eq(&caller.person))
                    .filter(memberships::status.eq("active"))
                    .filter(memberships::ends_at.is_null().or(memberships::ends_at.assume_not_null().gt(now)))
                    .filter(memberships::scope.eq("all_products").or(memberships::product_id.eq(&caller.product)))
                    .filter(spaces::state.eq("open").or(spaces::state.eq("suspended")))
                    .order(memberships::space_id)
                    // Without one, PostgreSQL reads all spaces at once.
                    .limit(MOST)
                    .select(Summary::as_select())
                    .get_results(db)
            }

            pub fn space(
                db: &mut $connection,
                id: &str,
                caller: &Caller,
                now: NaiveDateTime,
            ) -> QueryResult<SpaceAnswer> {
                spaces::table
                    .inner_join(memberships::table)
                    .filter(spaces::id.eq(id))
                    .filter(memberships::person_id.eq(&caller.person))
                    .filter(memberships::status.eq("active"))
                    .filter(memberships::ends_at.is_null().or(memberships::ends_at.assume_not_null().gt(now)))
                    .filter(memberships::scope.eq("all_products").or(memberships::product_id.eq(&caller.product)))
                    .filter(spaces::state.ne("closed").and(spaces::state.ne("purged")))
                    .select(SpaceAnswer::as_select())
                    .get_result(db)
            }

            /// What the product locks is locked here too, in the same order: two of one person's openings can't overtake
            /// each other.
            pub fn open(db: &mut $connection, caller: &Caller, opened: &Opened) -> QueryResult<()> {
                let lock = persons::lock_seq.eq(persons::lock_seq + 1);
                Kept(diesel::update(persons::table.find(&caller.person)).set(lock)).execute(db)?;
                let lock = products::lock_seq.eq(products::lock_seq + 1);
                Kept(diesel::update(products::table.find(&caller.product)).set(lock)).execute(db)?;
                diesel::insert_into(spaces::table).values(&opened.space).execute(db)?;
                diesel::insert_into(memberships::table).values(&opened.membership).execute(db)?;
                diesel::insert_into(audit_chains::table).values(&opened.chain).execute(db)?;
                diesel::insert_into(audit_entries::table).values(&opened.entry).execute(db)?;
                Ok(())
            }
        }
    };
}

statements!(sqlite: SqliteConnection);
statements!(postgres: PgConnection);
