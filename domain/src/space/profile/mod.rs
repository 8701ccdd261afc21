//! The company profile (fiche signalétique): what a professional space's members say of their company (domain.md §2).

pub mod figures;

pub use figures::{Amount, Figures, KeyDates, Money, MonthDay};

use crate::{
    Fault,
    identifiers::{Bic, Country, Iban, LegalPersonNumber, NaceCode, NaceRevision, RcsNumber, VatNumber},
    text::{BodyRole, HouseNumber, LegalForm, LegalName, Locality, PostalCode, Street},
};

/// How many items each list of a profile holds at most (our choice).
pub const MOST_ITEMS: usize = 20;

/// A company profile. All of it is optional.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompanyProfile {
    /// The company's name in its statutes, apart from the space's title.
    pub legal_name: Option<LegalName>,
    /// Its legal form.
    pub legal_form: Option<LegalForm>,
    /// Its national number.
    pub national_identifier: Option<LegalPersonNumber>,
    /// Its number in the trade and companies register.
    pub rcs_number: Option<RcsNumber>,
    /// Its VAT number.
    pub vat_number: Option<VatNumber>,
    /// What it does.
    pub activities: Vec<Activity>,
    /// Where its seat is.
    pub registered_office: Option<Address>,
    /// Its bank accounts.
    pub bank_accounts: Vec<BankAccount>,
    /// Legal persons that are associated with it.
    pub associated_bodies: Vec<AssociatedBody>,
    /// Its dates.
    pub key_dates: KeyDates,
    /// Its figures.
    pub figures: Figures,
}

/// An economic activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its code.
    pub code: NaceCode,
    /// The revision of NACE that the code is of.
    pub revision: NaceRevision,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The street or place.
    pub street: Street,
    /// The building.
    pub number: Option<HouseNumber>,
    /// The postal code.
    pub postal_code: PostalCode,
    /// The town or village.
    pub locality: Locality,
    /// The country.
    pub country: Country,
}

/// A bank account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankAccount {
    /// Its number.
    pub iban: Iban,
    /// The bank.
    pub bic: Option<Bic>,
    /// In whose name it is, where that is not the company's.
    pub holder: Option<LegalName>,
}

/// A legal person that is associated with the company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociatedBody {
    /// Its name.
    pub name: LegalName,
    /// What it is to the company.
    pub role: BodyRole,
    /// Its national number.
    pub national_identifier: Option<LegalPersonNumber>,
}

/// Something in a profile that is kept though it looks wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where, as a JSON Pointer into the profile.
    pub pointer: String,
    /// What.
    pub fault: Fault,
}

impl CompanyProfile {
    /// The names of the fields in which it is not what it was, as the API calls them.
    pub fn changed_since(&self, before: &Self) -> Vec<&'static str> {
        let fields = [
            ("legalName", self.legal_name != before.legal_name),
            ("legalForm", self.legal_form != before.legal_form),
            ("nationalIdentifier", self.national_identifier != before.national_identifier),
            ("rcsNumber", self.rcs_number != before.rcs_number),
            ("vatNumber", self.vat_number != before.vat_number),
            ("activities", self.activities != before.activities),
            ("registeredOffice", self.registered_office != before.registered_office),
            ("bankAccounts", self.bank_accounts != before.bank_accounts),
            ("associatedBodies", self.associated_bodies != before.associated_bodies),
            ("keyDates", self.key_dates != before.key_dates),
            ("figures", self.figures != before.figures),
        ];
        fields.into_iter().filter(|(_, is_changed)| *is_changed).map(|(name, _)| name).collect()
    }

    /// National numbers whose check digit is unusual: mostly typing errors, but not always (domain.md §9).
    pub fn warnings(&self) -> Vec<Warning> {
        let own = self.national_identifier.iter().map(|number| ("/nationalIdentifier".to_owned(), number));
        let bodies = self.associated_bodies.iter().enumerate().filter_map(|(place, body)| {
            Some((format!("/associatedBodies/{place}/nationalIdentifier"), body.national_identifier.as_ref()?))
        });
        own.chain(bodies)
            .filter(|(_, number)| !number.has_usual_check_digit())
            .map(|(pointer, _)| Warning { pointer, fault: Fault::CheckDigits })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_named_and_unusual_numbers_warned_of() {
        let usual = LegalPersonNumber::parse("19822200012").ok();
        let unusual = LegalPersonNumber::parse("19822200013").ok();
        let body = |national_identifier| AssociatedBody {
            name: LegalName::parse("Fiduciaire").unwrap(),
            role: BodyRole::parse("auditor").unwrap(),
            national_identifier,
        };
        let empty = CompanyProfile::default();
        let profile = CompanyProfile {
            national_identifier: usual.clone(),
            associated_bodies: vec![body(None), body(usual), body(unusual.clone())],
            ..CompanyProfile::default()
        };
        assert_eq!(profile.changed_since(&empty), ["nationalIdentifier", "associatedBodies"]);
        assert_eq!(empty.changed_since(&profile), profile.changed_since(&empty));
        assert_eq!(profile.changed_since(&profile), Vec::<&str>::new());
        let pointers =
            |profile: &CompanyProfile| profile.warnings().into_iter().map(|of| of.pointer).collect::<Vec<_>>();
        assert_eq!(pointers(&profile), ["/associatedBodies/2/nationalIdentifier"]);
        let profile = CompanyProfile { national_identifier: unusual, ..empty };
        assert_eq!(pointers(&profile), ["/nationalIdentifier"]);
    }
}
