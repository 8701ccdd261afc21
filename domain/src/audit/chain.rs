//! Entries chained by hash, and the walk along a chain that finds what was changed, taken out, reordered or cut off.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
};

use chrono::SecondsFormat;
use sha2::{Digest, Sha256};

use super::{Chain, Event};
use crate::{Coded, Instant};

/// The first field of what is hashed: another form gets another name.
const FORM: &str = "espace-pro audit 1";

/// SHA-256 of an entry. Written in 64 small hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntryHash([u8; 32]);

impl EntryHash {
    /// What stands in the first entry for the hash of the one before: 64 zeros.
    pub const NONE: Self = Self([0; 32]);

    /// Reads what `to_string` writes.
    pub fn parse(hex: &str) -> Option<Self> {
        let is_hex = hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let mut hash = [0; 32];
        for (place, byte) in hash.iter_mut().enumerate().filter(|_| is_hex) {
            *byte = u8::from_str_radix(hex.get(place * 2..place * 2 + 2)?, 16).ok()?;
        }
        is_hex.then_some(Self(hash))
    }
}

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// An event in its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which of its chain it is, from 1.
    pub position: u32,
    /// When it was recorded.
    pub at: Instant,
    /// What was recorded.
    pub event: Event,
    /// The hash of the entry before.
    pub previous: EntryHash,
    /// Its own hash, as it was when it was recorded.
    pub hash: EntryHash,
}

impl Entry {
    /// Whether it is what was recorded.
    pub fn is_intact(&self) -> bool {
        self.hash == hash(&self.event, self.at, self.previous)
    }
}

/// SHA-256 over one netstring (`{bytes}:{text},`) a field, `-` for one that is absent, in this order: the form's name,
/// chain, hash of the entry before, time ([`written`]), act, kind of actor, person, product, of a system user or partner its client,
/// object, the changed fields (netstrings within one), code and text of the reason.
///
/// The position is not in it: the hash of the entry before says where an entry stands.
fn hash(event: &Event, at: Instant, previous: EntryHash) -> EntryHash {
    let Event { chain, act, actor, object, changed, reason } = event;
    let mut fields = vec![
        Some(FORM.to_owned()),
        Some(chain.to_string()),
        Some(previous.to_string()),
        Some(written(at)),
        Some(act.code().to_owned()),
        Some(actor.kind().code().to_owned()),
        actor.person().map(|id| id.to_string()),
        actor.product().map(|id| id.to_string()),
    ];
    // The kind of actor says whether there is this field, so no two events are written alike.
    fields.extend(actor.client().map(|id| Some(id.to_string())));
    fields.extend([
        Some(object.as_str().to_owned()),
        Some(changed.iter().map(|field| netstring(field)).collect()),
        reason.as_ref().map(|reason| reason.code.to_string()),
        reason.as_ref().and_then(|reason| reason.text.clone()),
    ]);
    let canonical: String =
        fields.iter().map(|field| field.as_deref().map_or_else(|| "-".to_owned(), netstring)).collect();
    EntryHash(Sha256::digest(canonical).into())
}

/// How the log writes a moment: RFC 3339, UTC, microseconds.
pub fn written(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn netstring(text: &str) -> String {
    format!("{}:{text},", text.len())
}

/// The end of a chain: how many entries it has, and the hash of the last, which stands for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Which chain.
    pub chain: Chain,
    /// How many entries.
    pub entries: u32,
    /// The hash of the last one.
    pub hash: EntryHash,
    /// When that was recorded; `None` while there is none.
    pub at: Option<Instant>,
}

impl Head {
    /// A chain without entries.
    pub fn new(chain: Chain) -> Self {
        Self { chain, entries: 0, hash: EntryHash::NONE, at: None }
    }

    /// The next entry, after which the head is that entry's.
    pub fn append(&mut self, event: Event, at: Instant) -> Entry {
        debug_assert_eq!(self.chain, event.chain);
        let hash = hash(&event, at, self.hash);
        let entry = Entry { position: self.entries + 1, at, event, previous: self.hash, hash };
        *self = Self { chain: self.chain, entries: entry.position, hash, at: Some(at) };
        entry
    }
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// The head of the chain is not what the log wrote: it can't be read.
    HeadChanged,
    /// The entry at this position is not what was recorded there.
    Changed(u32),
    /// What the entry at this position follows is not there: it was taken out, or another put in its place.
    MissingBefore(u32),
    /// The entry at this position was recorded at another one.
    Reordered(u32),
    /// The chain was longer.
    Cut {
        /// How many entries are left.
        left: u32,
        /// How many there were.
        of: u32,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeadChanged => f.write_str("its head was changed"),
            Self::Changed(position) => write!(f, "entry {position} was changed"),
            Self::MissingBefore(position) => write!(f, "what stood before entry {position} is missing"),
            Self::Reordered(position) => write!(f, "entry {position} was recorded at another position"),
            Self::Cut { left, of } => write!(f, "cut: of {of} entries {left} are left"),
        }
    }
}

/// So many findings are named; a chain with more is lost anyhow.
const MOST: usize = 1000;

/// An entry that does not fit where it stands.
#[derive(Debug)]
struct Stray {
    position: u32,
    /// The hash that would fit: if the walk comes past it elsewhere, entries were exchanged.
    wanted: EntryHash,
    /// What else it is.
    otherwise: Finding,
}

/// A walk along one chain, entry by entry in the order of their positions. It remembers what does not fit, and nothing
/// of what does.
#[derive(Debug)]
pub struct Walk {
    /// Heads that were seen earlier: the chain must still lead through each of them.
    witnesses: Vec<Head>,
    position: u32,
    /// What the next entry must follow; unknown after an entry that was changed.
    hash: Option<EntryHash>,
    findings: BTreeMap<u32, Finding>,
    strays: Vec<Stray>,
    /// Hashes of entries that were not followed by their own successor.
    left_behind: HashSet<EntryHash>,
}

impl Walk {
    /// Begins before the first entry.
    pub fn new(witnesses: Vec<Head>) -> Self {
        Self {
            witnesses,
            position: 0,
            hash: Some(EntryHash::NONE),
            findings: BTreeMap::new(),
            strays: vec![],
            left_behind: HashSet::new(),
        }
    }

    /// Takes the next entry; `None` stands for one that can't even be read.
    pub fn step(&mut self, position: u32, entry: Option<&Entry>) {
        let entry = entry.filter(|entry| entry.is_intact());
        let is_next = position == self.position + 1;
        self.position = position;
        let Some(entry) = entry else {
            self.hash = None;
            return self.note(position, Finding::Changed(position));
        };
        match self.hash.replace(entry.hash) {
            Some(hash) if hash != entry.previous => {
                self.stray(position, entry.previous, Finding::MissingBefore(position));
                if self.left_behind.len() < MOST {
                    self.left_behind.insert(hash);
                }
            }
            Some(_) if !is_next => self.note(position, Finding::Reordered(position)),
            None if !is_next => self.note(position, Finding::MissingBefore(position)),
            _ => {}
        }
        let is_another = |head: &&Head| head.entries == position && head.hash != entry.hash;
        if let Some(head) = self.witnesses.iter().find(is_another) {
            self.stray(position, head.hash, Finding::Changed(position));
        }
    }

    /// What was found, by position.
    pub fn end(mut self) -> Vec<Finding> {
        self.left_behind.extend(self.hash);
        for Stray { position, wanted, otherwise } in std::mem::take(&mut self.strays) {
            let is_elsewhere = self.left_behind.contains(&wanted);
            self.note(position, if is_elsewhere { Finding::Reordered(position) } else { otherwise });
        }
        let longest = self.witnesses.iter().map(|head| head.entries).max().unwrap_or_default();
        let cut = (longest > self.position).then_some(Finding::Cut { left: self.position, of: longest });
        self.findings.into_values().chain(cut).collect()
    }

    fn stray(&mut self, position: u32, wanted: EntryHash, otherwise: Finding) {
        if self.strays.len() < MOST {
            self.strays.push(Stray { position, wanted, otherwise });
        }
    }

    fn note(&mut self, position: u32, finding: Finding) {
        if self.findings.len() < MOST {
            self.findings.entry(position).or_insert(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        audit::{Actor, AuditAct, Reason},
        id::SpaceId,
    };

    fn now() -> Instant {
        Instant::from_timestamp(1_800_000_000, 123_000).unwrap()
    }
    fn event(changed: &[&'static str]) -> Event {
        let space = SpaceId(Uuid::from_u128(1));
        let actor = Actor::Person { person: Uuid::from_u128(2).into(), product: Uuid::from_u128(3).into() };
        Event::new(Chain::Space(space), AuditAct::SpaceEdited, actor, space).changing(changed)
    }
    fn chain(length: u32) -> (Vec<Entry>, Head) {
        let mut head = Head::new(event(&[]).chain);
        let mut entry = |second| head.append(event(&["title", "language"]), now() + chrono::TimeDelta::seconds(second));
        let entries = (0..length).map(|place| entry(place.into())).collect();
        (entries, head)
    }
    fn findings(entries: &[Entry], witnesses: &[Head]) -> Vec<Finding> {
        let mut walk = Walk::new(witnesses.to_vec());
        for entry in entries {
            walk.step(entry.position, Some(entry));
        }
        walk.end()
    }
    /// Puts the entries into another order, as somebody would who exchanges their positions.
    fn renumbered(mut entries: Vec<Entry>) -> Vec<Entry> {
        for (position, entry) in (1..).zip(&mut entries) {
            entry.position = position;
        }
        entries
    }

    #[test]
    fn the_form_that_is_hashed_never_changes() {
        let mut head = Head::new(event(&[]).chain);
        let reason = Reason { code: "court_order".into(), text: Some("Référé, 12".into()) };
        let first = head.append(event(&["title", "notificationEmail"]).because(reason), now());
        let second = head.append(Event { actor: Actor::System, ..event(&[]) }, now());
        let canonical = "18:espace-pro audit 1,42:space:00000000-0000-0000-0000-000000000001,\
            64:0000000000000000000000000000000000000000000000000000000000000000,27:2027-01-15T08:00:00.000123Z,\
            12:space_edited,6:person,36:00000000-0000-0000-0000-000000000002,36:00000000-0000-0000-0000-000000000003,\
            36:00000000-0000-0000-0000-000000000001,29:5:title,17:notificationEmail,,11:court_order,13:Référé, 12,";
        assert_eq!(first.hash, EntryHash(Sha256::digest(canonical).into()));
        let canonical = format!(
            "18:espace-pro audit 1,42:space:00000000-0000-0000-0000-000000000001,64:{},27:2027-01-15T08:00:00.000123Z,\
            12:space_edited,6:system,--36:00000000-0000-0000-0000-000000000001,0:,--",
            first.hash
        );
        assert_eq!(second.hash, EntryHash(Sha256::digest(canonical).into()));
        let actor = Actor::SystemUser { client: Uuid::from_u128(4).into(), approver: Uuid::from_u128(2).into() };
        let third = head.append(Event { actor, ..event(&[]) }, now());
        let canonical = format!(
            "18:espace-pro audit 1,42:space:00000000-0000-0000-0000-000000000001,64:{},27:2027-01-15T08:00:00.000123Z,\
            12:space_edited,11:system_user,36:00000000-0000-0000-0000-000000000002,-\
            36:00000000-0000-0000-0000-000000000004,36:00000000-0000-0000-0000-000000000001,0:,--",
            second.hash
        );
        assert_eq!(third.hash, EntryHash(Sha256::digest(canonical).into()));
        assert_eq!(EntryHash::parse(&second.hash.to_string()), Some(second.hash));
        assert_eq!(EntryHash::parse(&second.hash.to_string().to_uppercase()), None);
    }

    #[test]
    fn what_was_tampered_with_is_told_apart() {
        let (entries, head) = chain(5);
        assert_eq!(findings(&entries, &[head]), []);

        let mut changed = entries.clone();
        changed[2].event.act = AuditAct::SpaceOpened;
        assert_eq!(findings(&changed, &[head]), [Finding::Changed(3)]);

        let mut missing = entries.clone();
        missing.remove(2);
        assert_eq!(findings(&missing, &[head]), [Finding::MissingBefore(4)]);
        let closed_up = renumbered(missing);
        assert_eq!(findings(&closed_up, &[head]), [Finding::MissingBefore(3), Finding::Cut { left: 4, of: 5 }]);

        let mut swapped = entries.clone();
        swapped.swap(2, 3);
        let reordered = [3, 4, 5].map(Finding::Reordered);
        assert_eq!(findings(&renumbered(swapped), &[head]), reordered);

        assert_eq!(findings(&entries[..3], &[]), []);
        assert_eq!(findings(&entries[..3], &[head]), [Finding::Cut { left: 3, of: 5 }]);
        assert_eq!(findings(&[], &[head]), [Finding::Cut { left: 0, of: 5 }]);
        let mut moved = entries.clone();
        moved[4].position = 6;
        assert_eq!(findings(&moved, &[head]), [Finding::Reordered(6)]);
    }

    #[test]
    fn an_entry_that_was_replaced_with_its_hash_does_not_lead_on() {
        let (entries, head) = chain(5);
        let mut replaced = entries.clone();
        replaced[2].event.changed.pop();
        replaced[2].hash = hash(&replaced[2].event, replaced[2].at, replaced[2].previous);
        assert_eq!(findings(&replaced, &[head]), [Finding::MissingBefore(4)]);
    }

    #[test]
    fn a_chain_that_was_written_anew_does_not_lead_through_its_head() {
        let (entries, head) = chain(5);
        let mut forged = Head::new(head.chain);
        let forgery: Vec<_> = entries.iter().map(|entry| forged.append(event(&[]), entry.at)).collect();
        assert_eq!(findings(&forgery, &[forged]), []);
        assert_eq!(findings(&forgery, &[forged, head]), [Finding::Changed(5)]);
    }

    #[test]
    fn a_chain_that_went_on_still_leads_through_its_older_head() {
        let (mut entries, mut head) = chain(5);
        let exported = head;
        entries.push(head.append(event(&[]), now()));
        assert_eq!(findings(&entries, &[exported, head]), []);
    }

    #[test]
    fn an_entry_that_can_not_be_read_hides_no_other() {
        let (entries, head) = chain(5);
        let mut walk = Walk::new(vec![head]);
        walk.step(1, Some(&entries[0]));
        walk.step(2, None);
        walk.step(4, Some(&entries[3]));
        walk.step(5, Some(&entries[4]));
        assert_eq!(walk.end(), [Finding::Changed(2), Finding::MissingBefore(4)]);
    }

    proptest! {
        #[test]
        fn no_tampering_goes_unseen(length in 2..12_u32, place in any::<prop::sample::Index>(), with in 0..7_u8) {
            let (intact, head) = chain(length);
            let mut entries = intact.clone();
            let place = place.index(entries.len());
            let entry = &mut entries[place];
            match with {
                0 => entry.at += chrono::TimeDelta::microseconds(1),
                1 => entry.event.actor = Actor::System,
                2 => entry.previous = EntryHash([7; 32]),
                3 => entry.hash = EntryHash([7; 32]),
                4 => drop(entries.remove(place)),
                5 => {
                    entries.rotate_left(place.max(1));
                    entries = renumbered(entries);
                }
                _ => entries.truncate(place),
            }
            let found = findings(&entries, &[head]);
            prop_assert!(!found.is_empty());
            match with {
                0..=2 => prop_assert_eq!(found, [Finding::Changed(u32::try_from(place).unwrap() + 1)]),
                5 => prop_assert!(found.iter().all(|finding| matches!(finding, Finding::Reordered(_)))),
                _ => {}
            }
        }
    }
}
