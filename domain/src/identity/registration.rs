//! Registration: a product becomes known once the e-mail address given with it is confirmed by a code.

use chrono::TimeDelta;

use super::{Assurance, Person, Product, ProductKind, ProductStatus, Protected, Serial, product::DEFAULT_SPACE_LIMIT};
use crate::{
    Instant, Refusal,
    audit::AuditAct,
    coded::coded,
    id::{PersonId, ProductId, RegistrationId},
    text::{EmailAddress, Language, PersonName},
};

/// How long a code is good for (domain.md §1, C).
pub const CODE_LIFE: TimeDelta = TimeDelta::minutes(15);
/// Wrong codes that one registration stands, however often the code is sent again (domain.md §1, C).
pub const CODE_TRIES: u32 = 5;
/// How often the code of one registration is sent again (domain.md §1, C).
pub const CODE_RESENDS: u32 = 3;
/// How long a registration is kept after its last code expired: what it led to is kept elsewhere (domain.md §1, C).
pub const KEPT: TimeDelta = TimeDelta::days(7);

/// What a trusted issuer asserts of somebody who has just logged in with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The product's number.
    pub serial: Serial,
    /// The product's kind.
    pub kind: ProductKind,
    /// The person's national number.
    pub number: Protected,
    /// The person's given name.
    pub given_name: PersonName,
    /// The person's family name.
    pub family_name: PersonName,
    /// How sure the issuer is.
    pub assurance: Assurance,
}

coded! {
    /// Where a registration stands.
    RegistrationStatus {
        /// A code was sent; nothing is registered yet.
        AwaitingConfirmation = "awaiting_confirmation",
        /// The code came back: the product is registered.
        Confirmed = "confirmed",
        /// The same product was registered anew before the code came back.
        Superseded = "superseded",
    }
}

/// A product on its way to be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Which registration this is.
    pub id: RegistrationId,
    /// Whom and what the issuer asserted.
    pub identity: Identity,
    /// Where the code goes; the person's address if this is his first product.
    pub email: EmailAddress,
    /// The language of mails.
    pub language: Language,
    /// Where it stands.
    pub status: RegistrationStatus,
    /// The code's HMAC.
    pub code_digest: String,
    /// From when on the code is refused.
    pub code_expires_at: Instant,
    /// Wrong codes that it still stands.
    pub tries_left: u32,
    /// How often the code can still be sent again.
    pub resends_left: u32,
    /// When it began.
    pub created_at: Instant,
}

/// What came of trying a code: a wrong one must be kept, so it is an outcome and no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeTry {
    /// The product may be registered.
    Right,
    /// A try is used up.
    Wrong {
        /// Wrong codes that the registration still stands.
        tries_left: u32,
    },
}

impl Registration {
    /// Begins a registration.
    pub fn begin(
        id: RegistrationId,
        identity: Identity,
        email: EmailAddress,
        language: Language,
        code_digest: String,
        now: Instant,
    ) -> Self {
        Self {
            id,
            identity,
            email,
            language,
            status: RegistrationStatus::AwaitingConfirmation,
            code_digest,
            code_expires_at: now + CODE_LIFE,
            tries_left: CODE_TRIES,
            resends_left: CODE_RESENDS,
            created_at: now,
        }
    }

    /// Tries a code, given by its digests under every data key that may have made the kept one.
    ///
    /// # Errors
    /// The registration has ended, its tries are used up, or its code has expired: no try is counted then.
    pub fn try_code(&mut self, digests: &[String], now: Instant) -> Result<CodeTry, Refusal> {
        self.awaiting()?;
        if self.tries_left == 0 {
            return Err(Refusal::CodeTriesUsedUp);
        }
        if now >= self.code_expires_at {
            return Err(Refusal::CodeExpired);
        }
        if digests.contains(&self.code_digest) {
            self.status = RegistrationStatus::Confirmed;
            return Ok(CodeTry::Right);
        }
        self.tries_left -= 1;
        Ok(CodeTry::Wrong { tries_left: self.tries_left })
    }

    /// Sends another code; the tries used up stay used up.
    ///
    /// # Errors
    /// The registration has ended, or its tries or its resends are used up.
    pub fn resend(&mut self, code_digest: String, now: Instant) -> Result<(), Refusal> {
        self.awaiting()?;
        if self.tries_left == 0 {
            return Err(Refusal::CodeTriesUsedUp);
        }
        self.resends_left = self.resends_left.checked_sub(1).ok_or(Refusal::CodeResendsUsedUp)?;
        self.code_digest = code_digest;
        self.code_expires_at = now + CODE_LIFE;
        Ok(())
    }

    fn awaiting(&self) -> Result<(), Refusal> {
        match self.status {
            RegistrationStatus::AwaitingConfirmation => Ok(()),
            RegistrationStatus::Confirmed => Err(Refusal::RegistrationConfirmed),
            RegistrationStatus::Superseded => Err(Refusal::RegistrationSuperseded),
        }
    }

    /// The person that this registration makes, where nobody has the national number yet.
    pub fn new_person(&self, id: PersonId, now: Instant) -> Person {
        Person {
            id,
            number: self.identity.number.clone(),
            given_name: self.identity.given_name.clone(),
            family_name: self.identity.family_name.clone(),
            email: self.email.clone(),
            language: self.language,
            created_at: now,
        }
    }
}

impl Identity {
    /// What already stands against this identity: asked when the registration begins, and again under the locks when it is confirmed.
    ///
    /// `owner` is the person with the asserted number, `known` the product with the asserted serial.
    ///
    /// # Errors
    /// The product is registered, belongs to somebody else, or is too weak to join an existing person (domain.md §1, C).
    pub fn may_register(&self, owner: Option<PersonId>, known: Option<&Product>) -> Result<(), Refusal> {
        if let Some(product) = known {
            if owner != Some(product.person) {
                return Err(Refusal::ProductBelongsToAnother);
            }
            if product.status == ProductStatus::Registered {
                return Err(Refusal::ProductRegistered);
            }
        }
        if owner.is_some() && self.assurance < Assurance::Substantial {
            return Err(Refusal::AssuranceTooLow { needed: Assurance::Substantial });
        }
        Ok(())
    }

    /// What its registration is called in the audit log, by what was known before.
    pub fn act(owner: Option<PersonId>, known: Option<&Product>) -> AuditAct {
        match (owner, known) {
            (_, Some(_)) => AuditAct::ProductRevived,
            (Some(_), None) => AuditAct::ProductJoined,
            (None, None) => AuditAct::ProductRegistered,
        }
    }

    /// The product as it is once registered: a withdrawn one is revived with its limit, so that withdrawing never resets it.
    pub fn registered(&self, id: ProductId, person: PersonId, known: Option<Product>, now: Instant) -> Product {
        match known {
            Some(product) => Product { status: ProductStatus::Registered, ..product },
            None => Product {
                id,
                person,
                serial: self.serial.clone(),
                kind: self.kind,
                status: ProductStatus::Registered,
                space_limit: DEFAULT_SPACE_LIMIT,
                created_at: now,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn now() -> Instant {
        Instant::from_timestamp(1_800_000_000, 0).unwrap()
    }
    fn identity(assurance: Assurance) -> Identity {
        Identity {
            serial: Serial::parse("12345678901234567890").unwrap(),
            kind: ProductKind::Eid,
            number: Protected { digest: "digest".into(), sealed: "sealed".into() },
            given_name: PersonName::parse("Ada").unwrap(),
            family_name: PersonName::parse("Weis").unwrap(),
            assurance,
        }
    }
    fn registration() -> Registration {
        let email = EmailAddress::parse("ada@example.lu").unwrap();
        Registration::begin(Uuid::nil().into(), identity(Assurance::High), email, Language::Fr, "right".into(), now())
    }
    fn digests(code: &str) -> Vec<String> {
        vec!["under an older key".into(), code.into()]
    }

    #[test]
    fn five_wrong_codes_and_not_one_more_are_taken_over_all_resends() {
        let mut registration = registration();
        for left in [4, 3] {
            assert_eq!(registration.try_code(&digests("wrong"), now()), Ok(CodeTry::Wrong { tries_left: left }));
        }
        registration.resend("right".into(), now()).unwrap();
        for left in [2, 1, 0] {
            assert_eq!(registration.try_code(&digests("wrong"), now()), Ok(CodeTry::Wrong { tries_left: left }));
        }
        assert_eq!(registration.try_code(&digests("right"), now()), Err(Refusal::CodeTriesUsedUp));
        assert_eq!(registration.resend("right".into(), now()), Err(Refusal::CodeTriesUsedUp));
    }

    #[test]
    fn a_code_dies_after_fifteen_minutes_and_costs_no_try() {
        let mut registration = registration();
        assert_eq!(registration.try_code(&digests("right"), now() + CODE_LIFE), Err(Refusal::CodeExpired));
        assert_eq!(registration.tries_left, CODE_TRIES);
        registration.resend("newer".into(), now() + CODE_LIFE).unwrap();
        assert_eq!(registration.try_code(&digests("newer"), now() + CODE_LIFE), Ok(CodeTry::Right));
        assert_eq!(registration.try_code(&digests("newer"), now() + CODE_LIFE), Err(Refusal::RegistrationConfirmed));
    }

    #[test]
    fn a_code_is_sent_again_three_times() {
        let mut registration = registration();
        for _ in 0..CODE_RESENDS {
            registration.resend("newer".into(), now()).unwrap();
        }
        assert_eq!(registration.resend("newest".into(), now()), Err(Refusal::CodeResendsUsedUp));
    }

    #[test]
    fn a_product_stays_with_its_person() {
        let me = PersonId(Uuid::from_u128(1));
        let other = PersonId(Uuid::from_u128(2));
        let identity = identity(Assurance::Substantial);
        let mut product = identity.registered(Uuid::nil().into(), me, None, now());
        assert_eq!(identity.may_register(Some(me), Some(&product)), Err(Refusal::ProductRegistered));
        assert_eq!(identity.may_register(Some(other), Some(&product)), Err(Refusal::ProductBelongsToAnother));
        assert_eq!(identity.may_register(None, Some(&product)), Err(Refusal::ProductBelongsToAnother));
        assert_eq!(Identity::act(None, None), AuditAct::ProductRegistered);
        assert_eq!(Identity::act(Some(me), None), AuditAct::ProductJoined);
        assert_eq!(Identity::act(Some(me), Some(&product)), AuditAct::ProductRevived);
        product.status = ProductStatus::Withdrawn;
        product.space_limit = 201;
        assert_eq!(identity.may_register(Some(me), Some(&product)), Ok(()));
        assert_eq!(
            identity.registered(Uuid::max().into(), me, Some(product.clone()), now()),
            Product { status: ProductStatus::Registered, ..product }
        );
    }

    #[test]
    fn a_weak_product_makes_a_person_but_joins_none() {
        let weak = identity(Assurance::Low);
        assert_eq!(weak.may_register(None, None), Ok(()));
        assert_eq!(
            weak.may_register(Some(PersonId(Uuid::nil())), None),
            Err(Refusal::AssuranceTooLow { needed: Assurance::Substantial })
        );
    }
}
