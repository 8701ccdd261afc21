//! What catalogues hold, each under its code.

use super::{Administration, CatalogueName, Sector, Service, ServiceStatus};

/// Something that a catalogue has under a code.
pub trait Entry: Clone + PartialEq {
    /// What it is.
    const KIND: &'static str;
    /// Its code.
    fn code(&self) -> &str;
    /// Whether a newer version of its catalogue leaves it out.
    fn is_retired(&self) -> bool;
    /// Itself, left out.
    #[must_use]
    fn retired(self) -> Self;
    /// Itself, where there was another of this code before.
    #[must_use]
    fn succeeding(self, _: &Self) -> Self {
        self
    }
}

macro_rules! plain_entries {
    ($($name:ident = $kind:literal),+ $(,)?) => {$(
        impl Entry for $name {
            const KIND: &'static str = $kind;
            fn code(&self) -> &str {
                self.code.as_str()
            }
            fn is_retired(&self) -> bool {
                self.is_retired
            }
            fn retired(self) -> Self {
                Self { is_retired: true, ..self }
            }
        }
    )+};
}
plain_entries!(Administration = "administration", Sector = "sector");

impl Entry for Service {
    const KIND: &'static str = "service";
    fn code(&self) -> &str {
        self.code.as_str()
    }
    fn is_retired(&self) -> bool {
        self.status == ServiceStatus::Retired
    }
    fn retired(self) -> Self {
        Self { status: ServiceStatus::Retired, ..self }
    }
    /// What was granted may be for a domain that is left out: it stays, retired.
    fn succeeding(mut self, before: &Self) -> Self {
        let left_out = |code| !self.domains.iter().any(|domain| domain.code == code);
        let gone: Vec<_> = before.domains.iter().filter(|domain| left_out(domain.code.clone())).cloned().collect();
        self.domains.extend(gone.into_iter().map(|mut domain| {
            domain.status = ServiceStatus::Retired;
            domain
        }));
        self.domains.sort_by(|one, other| one.code.cmp(&other.code));
        self
    }
}

/// An entry, and which catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned<E> {
    /// Whose it is.
    pub catalogue: CatalogueName,
    /// The entry.
    pub entry: E,
}
