//! The company profile as JSON: what is sent, what is shown, and what is sealed for the database.

use domain::{
    Fault,
    identifiers::{Bic, Country, Currency, Iban, LegalPersonNumber, NaceCode, RcsNumber, VatNumber},
    space::{
        CompanyProfile,
        profile::{
            Activity, Address, Amount, AssociatedBody, BankAccount, Figures, KeyDates, MOST_ITEMS, Money, MonthDay,
            figures::parse_day,
        },
    },
    text::{BodyRole, HouseNumber, LegalForm, LegalName, Locality, PostalCode, Street},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::{
    body::{Faults, Object, Request, Whole},
    schema::{self, Choice, NaceRevisionChoice, present},
};

/// The whole company profile, which takes the place of the one before: what is absent is not set.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = CompanyProfileRequest, example = json!({
    "legalName": "Boulangerie du Coin S.à r.l.", "legalForm": "S.à r.l.",
    "nationalIdentifier": "19822200012", "rcsNumber": "B123456", "vatNumber": "LU15027442",
    "activities": [{ "code": "10.71", "revision": "2.1" }],
    "registeredOffice": {
        "street": "Grand-Rue", "number": "12A", "postalCode": "L-1661", "locality": "Luxembourg", "country": "LU"
    },
    "bankAccounts": [{ "iban": "LU280019400644750000", "bic": "BCEELULL" }],
    "associatedBodies": [{ "name": "Fiduciaire du Nord S.A.", "role": "comptable" }],
    "keyDates": { "incorporatedOn": "1982-05-17", "activityStartedOn": "1982-06-01", "financialYearEndsOn": "--12-31" },
    "figures": { "employees": 12, "shareCapital": { "amount": "12500.00", "currency": "EUR" } }
}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileDocument {
    /// The company's name in its statutes, apart from the space's title.
    #[schema(value_type = Option<schema::LegalName>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<String>,
    /// Its legal form.
    #[schema(value_type = Option<schema::LegalForm>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub legal_form: Option<String>,
    /// Its national number; an unusual check digit is warned of.
    #[schema(value_type = Option<schema::LegalPersonNumber>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub national_identifier: Option<String>,
    /// Its number in the trade and companies register.
    #[schema(value_type = Option<schema::RcsNumber>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub rcs_number: Option<String>,
    /// Its VAT number.
    #[schema(value_type = Option<schema::VatNumber>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
    /// What it does.
    #[schema(value_type = Vec<ActivityDocument>, max_items = 20, required = false)]
    #[serde(default)]
    pub activities: Vec<Object<ActivityDocument>>,
    /// Where its seat is.
    #[schema(value_type = Option<AddressDocument>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub registered_office: Option<Object<AddressDocument>>,
    /// Its bank accounts.
    #[schema(value_type = Vec<BankAccountDocument>, max_items = 20, required = false)]
    #[serde(default)]
    pub bank_accounts: Vec<Object<BankAccountDocument>>,
    /// Legal persons that are associated with it.
    #[schema(value_type = Vec<AssociatedBodyDocument>, max_items = 20, required = false)]
    #[serde(default)]
    pub associated_bodies: Vec<Object<AssociatedBodyDocument>>,
    /// Its dates.
    #[schema(value_type = Option<KeyDatesDocument>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub key_dates: Option<Object<KeyDatesDocument>>,
    /// Its figures.
    #[schema(value_type = Option<FiguresDocument>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub figures: Option<Object<FiguresDocument>>,
}

/// An economic activity.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Activity)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActivityDocument {
    /// Its code.
    #[schema(value_type = schema::NaceCode)]
    code: String,
    /// The revision of NACE that the code is of.
    revision: NaceRevisionChoice,
}

/// A postal address.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Address)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddressDocument {
    /// The street or place.
    #[schema(value_type = schema::Street)]
    street: String,
    /// The building.
    #[schema(value_type = Option<schema::HouseNumber>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// The postal code.
    #[schema(value_type = schema::PostalCode)]
    postal_code: String,
    /// The town or village.
    #[schema(value_type = schema::Locality)]
    locality: String,
    /// The country.
    #[schema(value_type = schema::Country)]
    country: String,
}

/// A bank account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = BankAccount)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BankAccountDocument {
    /// Its number.
    #[schema(value_type = schema::Iban)]
    iban: String,
    /// The bank.
    #[schema(value_type = Option<schema::Bic>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    bic: Option<String>,
    /// In whose name it is, where that is not the company's.
    #[schema(value_type = Option<schema::LegalName>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    holder: Option<String>,
}

/// A legal person that is associated with the company.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AssociatedBody)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssociatedBodyDocument {
    /// Its name.
    #[schema(value_type = schema::LegalName)]
    name: String,
    /// What it is to the company, in words.
    #[schema(value_type = schema::BodyRole)]
    role: String,
    /// Its national number; an unusual check digit is warned of.
    #[schema(value_type = Option<schema::LegalPersonNumber>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    national_identifier: Option<String>,
}

/// A company's dates.
#[expect(clippy::struct_field_names, reason = "the API's names")]
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = KeyDates)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyDatesDocument {
    /// When it was incorporated.
    #[schema(value_type = Option<schema::Day>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    incorporated_on: Option<String>,
    /// When it took up its activity.
    #[schema(value_type = Option<schema::Day>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    activity_started_on: Option<String>,
    /// The day on which its financial years end.
    #[schema(value_type = Option<schema::MonthDay>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    financial_year_ends_on: Option<String>,
}

/// A company's figures, those in money at the end of its last financial year.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = Figures)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FiguresDocument {
    /// How many persons it employs.
    #[schema(value_type = Option<u32>, nullable = false, maximum = 10_000_000)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    employees: Option<Whole>,
    /// Its share capital.
    #[schema(value_type = Option<MoneyDocument>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    share_capital: Option<Object<MoneyDocument>>,
    /// Its turnover.
    #[schema(value_type = Option<MoneyDocument>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    turnover: Option<Object<MoneyDocument>>,
    /// Its balance sheet total.
    #[schema(value_type = Option<MoneyDocument>, nullable = false)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    balance_sheet_total: Option<Object<MoneyDocument>>,
}

/// An amount of a currency.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Money)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MoneyDocument {
    /// How much.
    #[schema(value_type = schema::Amount)]
    amount: String,
    /// Of what.
    #[schema(value_type = schema::Currency)]
    currency: String,
}

/// The checked items of a list that is not too long; all are looked at.
fn list<D, T>(
    faults: &mut Faults,
    pointer: &str,
    items: Vec<Object<D>>,
    check: impl Fn(D, &mut Faults, &str) -> Option<T>,
) -> Option<Vec<T>> {
    if items.len() > MOST_ITEMS {
        let most = i64::try_from(MOST_ITEMS).unwrap_or(i64::MAX);
        return faults.take(pointer, Err(Fault::OutOfRange { min: 0, max: most }));
    }
    let checked =
        items.into_iter().enumerate().map(|(place, item)| check(item.0, faults, &format!("{pointer}/{place}")));
    checked.collect::<Vec<_>>().into_iter().collect()
}

impl Request for ProfileDocument {
    type Value = CompanyProfile;
    fn check(self, faults: &mut Faults) -> Option<CompanyProfile> {
        let legal_name = faults.take_text("/legalName", self.legal_name, LegalName::parse);
        let legal_form = faults.take_text("/legalForm", self.legal_form, LegalForm::parse);
        let national_identifier =
            faults.take_text("/nationalIdentifier", self.national_identifier, LegalPersonNumber::parse);
        let rcs_number = faults.take_text("/rcsNumber", self.rcs_number, RcsNumber::parse);
        let vat_number = faults.take_text("/vatNumber", self.vat_number, VatNumber::parse);
        let activities = list(faults, "/activities", self.activities, ActivityDocument::check);
        let registered_office =
            self.registered_office.map_or(Some(None), |office| office.0.check(faults, "/registeredOffice").map(Some));
        let bank_accounts = list(faults, "/bankAccounts", self.bank_accounts, BankAccountDocument::check);
        let associated_bodies =
            list(faults, "/associatedBodies", self.associated_bodies, AssociatedBodyDocument::check);
        let key_dates = self.key_dates.map(|dates| dates.0).unwrap_or_default().check(faults);
        let figures = self.figures.map(|figures| figures.0).unwrap_or_default().check(faults);
        Some(CompanyProfile {
            legal_name: legal_name?,
            legal_form: legal_form?,
            national_identifier: national_identifier?,
            rcs_number: rcs_number?,
            vat_number: vat_number?,
            activities: activities?,
            registered_office: registered_office?,
            bank_accounts: bank_accounts?,
            associated_bodies: associated_bodies?,
            key_dates: key_dates?,
            figures: figures?,
        })
    }
}

impl ActivityDocument {
    fn check(self, faults: &mut Faults, pointer: &str) -> Option<Activity> {
        let code = faults.take(&format!("{pointer}/code"), NaceCode::parse(&self.code));
        Some(Activity { code: code?, revision: self.revision.0 })
    }
}

impl AddressDocument {
    fn check(self, faults: &mut Faults, pointer: &str) -> Option<Address> {
        let street = faults.take(&format!("{pointer}/street"), Street::parse(&self.street));
        let number = faults.take_text(&format!("{pointer}/number"), self.number, HouseNumber::parse);
        let postal_code = faults.take(&format!("{pointer}/postalCode"), PostalCode::parse(&self.postal_code));
        let locality = faults.take(&format!("{pointer}/locality"), Locality::parse(&self.locality));
        let country = faults.take(&format!("{pointer}/country"), Country::parse(&self.country));
        Some(Address {
            street: street?,
            number: number?,
            postal_code: postal_code?,
            locality: locality?,
            country: country?,
        })
    }
}

impl BankAccountDocument {
    fn check(self, faults: &mut Faults, pointer: &str) -> Option<BankAccount> {
        let iban = faults.take(&format!("{pointer}/iban"), Iban::parse(&self.iban));
        let bic = faults.take_text(&format!("{pointer}/bic"), self.bic, Bic::parse);
        let holder = faults.take_text(&format!("{pointer}/holder"), self.holder, LegalName::parse);
        Some(BankAccount { iban: iban?, bic: bic?, holder: holder? })
    }
}

impl AssociatedBodyDocument {
    fn check(self, faults: &mut Faults, pointer: &str) -> Option<AssociatedBody> {
        let name = faults.take(&format!("{pointer}/name"), LegalName::parse(&self.name));
        let role = faults.take(&format!("{pointer}/role"), BodyRole::parse(&self.role));
        let number = format!("{pointer}/nationalIdentifier");
        let national_identifier = faults.take_text(&number, self.national_identifier, LegalPersonNumber::parse);
        Some(AssociatedBody { name: name?, role: role?, national_identifier: national_identifier? })
    }
}

impl KeyDatesDocument {
    fn check(self, faults: &mut Faults) -> Option<KeyDates> {
        let incorporated_on = faults.take_text("/keyDates/incorporatedOn", self.incorporated_on, parse_day);
        let activity_started_on = faults.take_text("/keyDates/activityStartedOn", self.activity_started_on, parse_day);
        let financial_year_ends_on =
            faults.take_text("/keyDates/financialYearEndsOn", self.financial_year_ends_on, MonthDay::parse);
        Some(KeyDates {
            incorporated_on: incorporated_on?,
            activity_started_on: activity_started_on?,
            financial_year_ends_on: financial_year_ends_on?,
        })
    }
}

impl FiguresDocument {
    fn check(self, faults: &mut Faults) -> Option<Figures> {
        let employees = faults
            .take_optional("/figures/employees", self.employees.map(|employees| Figures::parse_employees(employees.0)));
        let mut money = |name: &str, money: Option<Object<MoneyDocument>>| {
            money.map_or(Some(None), |money| money.0.check(faults, &format!("/figures/{name}")).map(Some))
        };
        let share_capital = money("shareCapital", self.share_capital);
        let turnover = money("turnover", self.turnover);
        let balance_sheet_total = money("balanceSheetTotal", self.balance_sheet_total);
        Some(Figures {
            employees: employees?,
            share_capital: share_capital?,
            turnover: turnover?,
            balance_sheet_total: balance_sheet_total?,
        })
    }
}

impl MoneyDocument {
    fn check(self, faults: &mut Faults, pointer: &str) -> Option<Money> {
        let amount = faults.take(&format!("{pointer}/amount"), Amount::parse(&self.amount));
        let currency = faults.take(&format!("{pointer}/currency"), Currency::parse(&self.currency));
        Some(Money { amount: amount?, currency: currency? })
    }
}

impl From<&CompanyProfile> for ProfileDocument {
    fn from(profile: &CompanyProfile) -> Self {
        let (dates, figures) = (&profile.key_dates, &profile.figures);
        Self {
            legal_name: text(profile.legal_name.as_ref()),
            legal_form: text(profile.legal_form.as_ref()),
            national_identifier: text(profile.national_identifier.as_ref()),
            rcs_number: text(profile.rcs_number.as_ref()),
            vat_number: text(profile.vat_number.as_ref()),
            activities: objects(&profile.activities),
            registered_office: profile.registered_office.as_ref().map(|office| Object(office.into())),
            bank_accounts: objects(&profile.bank_accounts),
            associated_bodies: objects(&profile.associated_bodies),
            key_dates: (*dates != KeyDates::default()).then(|| Object(dates.into())),
            figures: (*figures != Figures::default()).then(|| Object(figures.into())),
        }
    }
}

fn text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

fn objects<'a, T, D: From<&'a T>>(items: &'a [T]) -> Vec<Object<D>> {
    items.iter().map(|item| Object(item.into())).collect()
}

impl From<&Activity> for ActivityDocument {
    fn from(activity: &Activity) -> Self {
        Self { code: activity.code.to_string(), revision: Choice(activity.revision) }
    }
}

impl From<&Address> for AddressDocument {
    fn from(address: &Address) -> Self {
        Self {
            street: address.street.to_string(),
            number: text(address.number.as_ref()),
            postal_code: address.postal_code.to_string(),
            locality: address.locality.to_string(),
            country: address.country.to_string(),
        }
    }
}

impl From<&BankAccount> for BankAccountDocument {
    fn from(account: &BankAccount) -> Self {
        Self { iban: account.iban.to_string(), bic: text(account.bic.as_ref()), holder: text(account.holder.as_ref()) }
    }
}

impl From<&AssociatedBody> for AssociatedBodyDocument {
    fn from(body: &AssociatedBody) -> Self {
        Self {
            name: body.name.to_string(),
            role: body.role.to_string(),
            national_identifier: text(body.national_identifier.as_ref()),
        }
    }
}

impl From<&KeyDates> for KeyDatesDocument {
    fn from(dates: &KeyDates) -> Self {
        Self {
            incorporated_on: text(dates.incorporated_on.as_ref()),
            activity_started_on: text(dates.activity_started_on.as_ref()),
            financial_year_ends_on: text(dates.financial_year_ends_on.as_ref()),
        }
    }
}

impl From<&Figures> for FiguresDocument {
    fn from(figures: &Figures) -> Self {
        let money = |money: &Option<Money>| money.as_ref().map(|money| Object(money.into()));
        Self {
            employees: figures.employees.map(|employees| Whole(employees.into())),
            share_capital: money(&figures.share_capital),
            turnover: money(&figures.turnover),
            balance_sheet_total: money(&figures.balance_sheet_total),
        }
    }
}

impl From<&Money> for MoneyDocument {
    fn from(money: &Money) -> Self {
        Self { amount: money.amount.as_str().to_owned(), currency: money.currency.to_string() }
    }
}
