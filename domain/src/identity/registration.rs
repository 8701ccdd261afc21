//! Registration: a product becomes known once the e-mail address given with it is confirmed by a code.

use chrono::TimeDelta;

use super::{
    Assurance, CodeTry, Confirmation, Person, Product, ProductKind, ProductStatus, Protected, Serial,
    product::DEFAULT_SPACE_LIMIT,
};
use crate::{
    Instant, Refusal,
    audit::AuditAct,
    coded::coded,
    id::{PersonId, ProductId, RegistrationId},
    text::{EmailAddress, Language, PersonName},
};

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
    /// The code that has to come back.
    pub confirmation: Confirmation,
    /// When it began.
    pub created_at: Instant,
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
            confirmation: Confirmation::begin(code_digest, now),
            created_at: now,
        }
    }

    /// Tries a code, given by its digests under every data key that may have made the kept one.
    ///
    /// # Errors
    /// The registration has ended, or the code can't be tried.
    pub fn try_code(&mut self, digests: &[String], now: Instant) -> Result<CodeTry, Refusal> {
        self.awaiting()?;
        let tried = self.confirmation.try_code(digests, now)?;
        if tried == CodeTry::Right {
            self.status = RegistrationStatus::Confirmed;
        }
        Ok(tried)
    }

    /// Sends another code; the tries used up stay used up.
    ///
    /// # Errors
    /// The registration has ended, or its tries or its resends are used up.
    pub fn resend(&mut self, code_digest: String, now: Instant) -> Result<(), Refusal> {
        self.awaiting()?;
        self.confirmation.resend(code_digest, now)
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
            updated_at: now,
            version: 1,
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

    #[test]
    fn a_registration_that_has_ended_takes_no_code_and_sends_none() {
        let mut registration = registration();
        assert_eq!(registration.try_code(&["wrong".into()], now()), Ok(CodeTry::Wrong { tries_left: 4 }));
        assert_eq!(registration.try_code(&["right".into()], now()), Ok(CodeTry::Right));
        for (status, refusal) in [
            (RegistrationStatus::Confirmed, Refusal::RegistrationConfirmed),
            (RegistrationStatus::Superseded, Refusal::RegistrationSuperseded),
        ] {
            registration.status = status;
            assert_eq!(registration.try_code(&["right".into()], now()), Err(refusal.clone()));
            assert_eq!(registration.resend("newer".into(), now()), Err(refusal));
        }
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
