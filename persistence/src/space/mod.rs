//! Spaces as they are kept, and who sees which.

mod life;
mod profile;

use std::collections::BTreeSet;

pub use profile::SealedProfile;

use chrono::NaiveDateTime;
use diesel::{dsl::count_star, prelude::*};
use domain::{
    Coded,
    audit::Chain,
    collaboration::{Membership, MembershipStatus, Role},
    id::{PersonId, ProductId, SpaceId},
    space::{Closure, OpenedSpace, Space, SpaceIdentifier, SpaceKind, SpaceState, SpacesOpened, Suspension},
    text::{EmailAddress, ReasonText, Title},
};

use crate::{
    collaboration::{MembershipRow, lets_in},
    connection::each,
    error::StoreError,
    kept::Kept,
    row::{Row, stamp},
    schema::{memberships, spaces},
    transaction::{Rank, Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = spaces, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct SpaceRow {
    id: String,
    identifier: String,
    kind: String,
    entity_type: String,
    title: Option<String>,
    language: String,
    notification_email: String,
    notification_email_confirmed: bool,
    state: String,
    closed_at: Option<NaiveDateTime>,
    purge_at: Option<NaiveDateTime>,
    purge_reminded_at: Option<NaiveDateTime>,
    opened_with: String,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    version: i64,
    suspended_at: Option<NaiveDateTime>,
    suspension_reason: Option<String>,
}

impl From<&Space> for SpaceRow {
    fn from(space: &Space) -> Self {
        Self {
            id: space.id.to_string(),
            identifier: space.identifier.to_string(),
            kind: space.kind.code().to_owned(),
            entity_type: space.entity_type.code().to_owned(),
            title: space.title.as_ref().map(ToString::to_string),
            language: space.language.code().to_owned(),
            notification_email: space.notification_email.to_string(),
            notification_email_confirmed: space.notification_email_confirmed,
            state: space.state.code().to_owned(),
            closed_at: space.closure.map(|closure| stamp(closure.closed_at)),
            purge_at: space.closure.map(|closure| stamp(closure.purge_at)),
            purge_reminded_at: space.closure.and_then(|closure| closure.reminded_at).map(stamp),
            opened_with: space.opened_with.to_string(),
            created_at: stamp(space.created_at),
            updated_at: stamp(space.updated_at),
            version: space.version.into(),
            suspended_at: space.suspension.as_ref().map(|suspension| stamp(suspension.at)),
            suspension_reason: space.suspension.as_ref().map(|suspension| suspension.reason.to_string()),
        }
    }
}

impl SpaceRow {
    pub(crate) fn read(self) -> Result<Space, StoreError> {
        let row = Row { table: "spaces", id: &self.id };
        let reason =
            self.suspension_reason.as_deref().map(|reason| row.value(ReasonText::parse(reason))).transpose()?;
        Ok(Space {
            id: row.id(&self.id)?,
            identifier: row.value(SpaceIdentifier::parse(&self.identifier))?,
            kind: row.code(&self.kind)?,
            entity_type: row.code(&self.entity_type)?,
            title: self.title.as_deref().map(|title| row.value(Title::parse(title))).transpose()?,
            language: row.code(&self.language)?,
            notification_email: row.value(EmailAddress::parse(&self.notification_email))?,
            notification_email_confirmed: self.notification_email_confirmed,
            state: row.code(&self.state)?,
            suspension: self.suspended_at.zip(reason).map(|(at, reason)| Suspension { at: at.and_utc(), reason }),
            closure: self.closed_at.zip(self.purge_at).map(|(closed_at, purge_at)| Closure {
                closed_at: closed_at.and_utc(),
                purge_at: purge_at.and_utc(),
                reminded_at: self.purge_reminded_at.map(|at| at.and_utc()),
            }),
            opened_with: row.id(&self.opened_with)?,
            created_at: self.created_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
            version: row.number(self.version)?,
        })
    }
}

/// Which of the spaces that a person sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpaceFilter {
    /// Only of this kind.
    pub kind: Option<SpaceKind>,
    /// Only in this state; those in use where none is named.
    pub state: Option<SpaceState>,
    /// Only those after this one, in the order of their ids.
    pub after: Option<SpaceId>,
}

/// A space as lists of spaces show it to one of its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceInBrief {
    /// Which space this is.
    pub id: SpaceId,
    /// What people and letters call it.
    pub identifier: SpaceIdentifier,
    /// Private or professional.
    pub kind: SpaceKind,
    /// What its members call it; a private space has no title.
    pub title: Option<Title>,
    /// Whether it is in use.
    pub state: SpaceState,
    /// The member's role.
    pub role: Role,
}

type BriefColumns = (String, String, String, Option<String>, String, String);

impl SpaceInBrief {
    fn read((id, identifier, kind, title, state, role): BriefColumns) -> Result<Self, StoreError> {
        let row = Row { table: "spaces", id: &id };
        Ok(Self {
            id: row.id(&id)?,
            identifier: row.value(SpaceIdentifier::parse(&identifier))?,
            kind: row.code(&kind)?,
            title: title.as_deref().map(|title| row.value(Title::parse(title))).transpose()?,
            state: row.code(&state)?,
            role: row.code(&role)?,
        })
    }
}

/// The states in which a space counts (domain.md §2, C).
fn in_use() -> [&'static str; 2] {
    [SpaceState::Open.code(), SpaceState::Suspended.code()]
}

/// The spaces that a member sees: those in use, and the closed ones whose administrator he is (domain.md §2, C).
#[diesel::dsl::auto_type(no_type_alias)]
fn shows() -> _ {
    let (closed, purged): (&'static str, &'static str) = (SpaceState::Closed.code(), SpaceState::Purged.code());
    let administrator: &'static str = Role::Administrator.code();
    spaces::state.ne(purged).and(spaces::state.ne(closed).or(memberships::role.eq(administrator)))
}

impl Reading<'_> {
    /// A space and the membership that shows it to this person with this product; `None` for a stranger, and for all
    /// but administrators where it is closed.
    pub fn space_of(
        &mut self,
        id: SpaceId,
        person: PersonId,
        product: ProductId,
    ) -> Result<Option<(Space, Membership)>, StoreError> {
        let now = stamp(self.now());
        let (person, product) = (person.to_string(), product.to_string());
        let found: Option<(SpaceRow, MembershipRow)> = self.run(|db| {
            each!(db => spaces::table
                .inner_join(memberships::table)
                .filter(spaces::id.eq(id.to_string()))
                .filter(shows())
                .filter(lets_in(&person, &product, now))
                .select((SpaceRow::as_select(), MembershipRow::as_select()))
                .get_result(db))
            .optional()
        })?;
        found.map(|(space, membership)| Ok((space.read()?, membership.read()?))).transpose()
    }

    /// The spaces that this person sees with this product, oldest first.
    pub fn spaces_of(
        &mut self,
        person: PersonId,
        product: ProductId,
        filter: SpaceFilter,
        most: u32,
    ) -> Result<Vec<SpaceInBrief>, StoreError> {
        let now = stamp(self.now());
        let (person, product) = (person.to_string(), product.to_string());
        let kinds = filter.kind.map_or([SpaceKind::Private, SpaceKind::Professional], |kind| [kind; 2]);
        let [kind, or_kind] = kinds.map(Coded::code);
        let [state, or_state] = filter.state.map_or(in_use(), |state| [state.code(); 2]);
        // No id is smaller than the empty text.
        let after = filter.after.map(|id| id.to_string()).unwrap_or_default();
        let found: Vec<BriefColumns> = self.run(|db| {
            each!(db => spaces::table
                .inner_join(memberships::table)
                .filter(spaces::state.eq(state).or(spaces::state.eq(or_state)))
                .filter(shows())
                .filter(lets_in(&person, &product, now))
                .filter(spaces::kind.eq(kind).or(spaces::kind.eq(or_kind)))
                .filter(memberships::space_id.gt(after))
                .order(memberships::space_id)
                .limit(most.into())
                .select((spaces::id, spaces::identifier, spaces::kind, spaces::title, spaces::state, memberships::role))
                .get_results(db))
        })?;
        found.into_iter().map(SpaceInBrief::read).collect()
    }

    /// The professional spaces, in use or closed, of which this person is an active administrator, with any of his products,
    /// by ascending id.
    pub fn spaces_administered_by(&mut self, person: PersonId) -> Result<Vec<(Space, Membership)>, StoreError> {
        let found: Vec<(SpaceRow, MembershipRow)> = self.run(|db| {
            spaces::table
                .inner_join(memberships::table)
                .filter(memberships::person_id.eq(person.to_string()))
                .filter(memberships::role.eq(Role::Administrator.code()))
                .filter(memberships::status.eq(MembershipStatus::Active.code()))
                .filter(spaces::kind.eq(SpaceKind::Professional.code()))
                .filter(spaces::state.ne(SpaceState::Purged.code()))
                .order(spaces::id)
                .select((SpaceRow::as_select(), MembershipRow::as_select()))
                .get_results(db)
        })?;
        found.into_iter().map(|(space, membership)| Ok((space.read()?, membership.read()?))).collect()
    }

    /// How many professional spaces in use were opened with a product; believed only under the product's lock.
    pub fn spaces_used(&mut self, product: ProductId) -> Result<u32, StoreError> {
        Ok(self.spaces_opened(product)?.used)
    }

    /// How many professional spaces were opened with a product; believed only under the product's lock.
    pub fn spaces_opened(&mut self, product: ProductId) -> Result<SpacesOpened, StoreError> {
        let ([state, or_state], closed) = (in_use(), SpaceState::Closed.code());
        let counts: Vec<(String, i64)> = self.run(|db| {
            each!(db => spaces::table
                .filter(spaces::opened_with.eq(product.to_string()))
                .filter(spaces::kind.eq(SpaceKind::Professional.code()))
                .filter(spaces::state.eq(state).or(spaces::state.eq(or_state)).or(spaces::state.eq(closed)))
                .group_by(spaces::state)
                .select((spaces::state, count_star()))
                .get_results(db))
        })?;
        let row = Row { table: "spaces", id: "counted" };
        let mut opened = SpacesOpened::default();
        for (state, count) in counts {
            let place = if state == closed { &mut opened.closed } else { &mut opened.used };
            *place += row.number(count)?;
        }
        Ok(opened)
    }

    /// Whether a person has a private space that is not gone; believed only under the person's lock.
    pub fn has_private_space(&mut self, person: PersonId) -> Result<bool, StoreError> {
        let found: i64 = self.run(|db| {
            spaces::table
                .filter(spaces::private_owner.eq(person.to_string()))
                .filter(spaces::state.ne(SpaceState::Purged.code()))
                .count()
                .get_result(db)
        })?;
        Ok(found > 0)
    }

    /// Whether any space, in use or not, ever had this identifier.
    pub fn is_identifier_taken(&mut self, identifier: &SpaceIdentifier) -> Result<bool, StoreError> {
        let found: i64 = self.run(
            |db| each!(db => spaces::table.filter(spaces::identifier.eq(identifier.as_str())).count().get_result(db)),
        )?;
        Ok(found > 0)
    }
}

impl Transaction<'_> {
    /// Locks a space that this person sees with this product: who is in it, what it is called and how it stands
    /// change under this lock. A stranger never gets as far as waiting for it.
    pub fn lock_space_of(
        &mut self,
        id: SpaceId,
        person: PersonId,
        product: ProductId,
    ) -> Result<Option<(Space, Membership)>, StoreError> {
        if self.space_of(id, person, product)?.is_none() {
            return Ok(None);
        }
        self.lock_spaces(&BTreeSet::from([id]))?;
        self.space_of(id, person, product)
    }

    /// Locks several spaces, whoever sees them, one after the other by ascending id.
    pub fn lock_spaces(&mut self, spaces: &BTreeSet<SpaceId>) -> Result<(), StoreError> {
        self.climb(Rank::Space);
        for id in spaces {
            let lock = spaces::lock_seq.eq(spaces::lock_seq + 1);
            self.run(|db| Kept(diesel::update(spaces::table.find(id.to_string())).set(lock)).execute(db))?;
        }
        Ok(())
    }

    /// Keeps a new space with its founder's membership.
    pub fn insert_space(&mut self, opened: &OpenedSpace) -> Result<(), StoreError> {
        let (space, founding) = (opened.space(), opened.founding());
        let private_owner = (space.kind == SpaceKind::Private).then(|| founding.person.to_string());
        let row = SpaceRow::from(space);
        let founding = MembershipRow::from(founding);
        self.begun.push(Chain::Space(space.id));
        self.run(|db| {
            each!(db => {
                diesel::insert_into(spaces::table).values((&row, spaces::private_owner.eq(private_owner))).execute(db)?;
                diesel::insert_into(memberships::table).values(founding).execute(db)
            })
        })?;
        Ok(())
    }

    /// Keeps what became of a locked space.
    pub fn save_space(&mut self, space: &Space) -> Result<(), StoreError> {
        let row = SpaceRow::from(space);
        self.run(|db| diesel::update(spaces::table.find(&row.id)).set(&row).execute(db))?;
        Ok(())
    }
}
