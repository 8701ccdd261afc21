//! What the contract says of the domain's values; their limits are read from the domain.

use std::borrow::Cow;

use domain::{
    Coded,
    audit::{AuditAct, AuditActorKind},
    catalogue::{self, Capacity, ServiceStatus, WayIn},
    certification::{
        self, CertificationAct, CertificationParty, CertificationStatus,
        access_code::{AccessCodeStatus, AccessSecret},
    },
    collaboration::{
        AccessScope, InvitationStatus, JoinRequestStatus, MembershipStatus, OwnJoinRequestStatus, Permission,
        RecoveryStatus, Role, SystemRight, SystemUserStatus,
    },
    helpdesk::{self, LimitRequestStatus},
    identifiers::{self, NaceRevision},
    identity::{Assurance, ProductKind, ProductStatus, RegistrationStatus, Serial, Terms},
    partner::{PartnerScope, PartnerStatus},
    procedure::{self, AttachmentFlaw, ProcedureAct, ProcedureOutcome, ProcedureState, SignatureKind},
    source::{self, DiscrepancyDecision, FindingKind, PushOutcome, VerificationStatus},
    space::{EntityType, SpaceIdentifier, SpaceKind, SpaceState, profile},
    store_room::{MediaType, ScanState},
    text,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ArrayBuilder, KnownFormat, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat,
        schema::{SchemaType, Type},
    },
};

use super::{body, query};
use crate::tokens::client_assertion;

/// A value of a closed list of the domain, as its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice<T>(pub T);

impl<T: Coded> Serialize for Choice<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.code())
    }
}

impl<'de, T: Coded> Deserialize<'de> for Choice<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = Cow::<str>::deserialize(deserializer)?;
        T::from_code(&code).map(Self).ok_or_else(|| D::Error::custom("not one of the list"))
    }
}

impl<T: Coded> PartialSchema for Choice<T> {
    fn schema() -> RefOr<Schema> {
        let codes: Vec<&str> = T::ALL.iter().copied().map(Coded::code).collect();
        let example = codes.first().copied().unwrap_or_default();
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .enum_values(Some(codes))
            .examples([example])
            .into()
    }
}

impl<T: Coded> ToSchema for Choice<T> {
    fn name() -> Cow<'static, str> {
        T::NAME.into()
    }
}

/// Names for the contract's sake: its generator takes no generic types.
macro_rules! choices {
    ($($name:ident($list:ty)),+ $(,)?) => {$(
        #[doc = concat!("A `", stringify!($list), "`.")]
        pub type $name = Choice<$list>;
    )+};
}

choices! {
    AccessCodeStatusChoice(AccessCodeStatus),
    AccessScopeChoice(AccessScope),
    AssuranceChoice(Assurance),
    AttachmentFlawChoice(AttachmentFlaw),
    AuditActChoice(AuditAct),
    AuditActorKindChoice(AuditActorKind),
    CapacityChoice(Capacity),
    CertificationActChoice(CertificationAct),
    CertificationPartyChoice(CertificationParty),
    CertificationStatusChoice(CertificationStatus),
    DiscrepancyDecisionChoice(DiscrepancyDecision),
    EntityTypeChoice(EntityType),
    FindingKindChoice(FindingKind),
    InvitationStatusChoice(InvitationStatus),
    JoinRequestStatusChoice(JoinRequestStatus),
    LanguageChoice(text::Language),
    LimitRequestStatusChoice(LimitRequestStatus),
    MediaTypeChoice(MediaType),
    MembershipStatusChoice(MembershipStatus),
    NaceRevisionChoice(NaceRevision),
    OwnJoinRequestStatusChoice(OwnJoinRequestStatus),
    PartnerScopeChoice(PartnerScope),
    PartnerStatusChoice(PartnerStatus),
    PermissionChoice(Permission),
    ProcedureActChoice(ProcedureAct),
    ProcedureOutcomeChoice(ProcedureOutcome),
    ProcedureStateChoice(ProcedureState),
    ProductKindChoice(ProductKind),
    ProductStatusChoice(ProductStatus),
    PushOutcomeChoice(PushOutcome),
    RecoveryStatusChoice(RecoveryStatus),
    RegistrationStatusChoice(RegistrationStatus),
    RoleChoice(Role),
    ScanStateChoice(ScanState),
    ServiceStatusChoice(ServiceStatus),
    SignatureKindChoice(SignatureKind),
    SpaceKindChoice(SpaceKind),
    SpaceStateChoice(SpaceState),
    SystemRightChoice(SystemRight),
    SystemUserStatusChoice(SystemUserStatus),
    VerificationStatusChoice(VerificationStatus),
    WayInChoice(WayIn),
}

/// Something is left once the outer white space is gone.
const VISIBLE: &str = r"\S";

/// Declares the schema of a text of the domain, under its name.
macro_rules! text_schemas {
    ($($(#[$doc:meta])* $name:ident { $($set:ident($($value:expr),*)),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))$(.$set($($value),*))+.into()
            }
        }
        impl ToSchema for $name {}
    )+};
}

text_schemas! {
    /// A title of a space.
    Title { pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::Title::MAX)), examples(["Boulangerie du Coin"]) }
    /// A given or family name.
    PersonName { pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::PersonName::MAX)), examples(["Schmit"]) }
    /// An e-mail address.
    EmailAddress {
        format(Some(SchemaFormat::KnownFormat(KnownFormat::Email))),
        min_length(Some(3)), max_length(Some(text::EmailAddress::MAX)), examples(["office@example.lu"])
    }
    /// An eSpace identifier.
    Identifier { pattern(Some(SpaceIdentifier::PATTERN)), max_length(Some(9)), examples(["PM-A1B2C3"]) }
    /// The subject serial number of an authentication product.
    SerialNumber { pattern(Some(Serial::PATTERN)), max_length(Some(20)), examples(["10000000000000000011"]) }
    /// Why something is asked for or done: one line about the thing itself, which names nobody.
    ReasonText {
        pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::ReasonText::MAX)), examples(["More lines of business than places"])
    }
    /// What administrators call a company's own software.
    SystemUserName { pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::SystemUserName::MAX)), examples(["Payroll"]) }
    /// The legal name of a company, or a name beside it.
    LegalName { pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::LegalName::MAX)), examples(["Boulangerie du Coin S.à r.l."]) }
    /// A legal form.
    LegalForm { pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::LegalForm::MAX)), examples(["S.à r.l."]) }
    /// A street or place.
    Street { pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::Street::MAX)), examples(["Grand-Rue"]) }
    /// A house number.
    HouseNumber { pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::HouseNumber::MAX)), examples(["12A"]) }
    /// A postal code.
    PostalCode { pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::PostalCode::MAX)), examples(["L-1661"]) }
    /// A town or village.
    Locality { pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::Locality::MAX)), examples(["Luxembourg"]) }
    /// What an associated body is to a company.
    BodyRole { pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::BodyRole::MAX)), examples(["comptable"]) }
    /// The national number of a legal person.
    LegalPersonNumber { pattern(Some(identifiers::LegalPersonNumber::PATTERN)), max_length(Some(11)), examples(["19822200012"]) }
    /// A number of the trade and companies register.
    RcsNumber { pattern(Some(identifiers::RcsNumber::PATTERN)), max_length(Some(8)), examples(["B123456"]) }
    /// A VAT number of Luxembourg.
    VatNumber { pattern(Some(identifiers::VatNumber::PATTERN)), max_length(Some(10)), examples(["LU15027442"]) }
    /// A code of NACE.
    NaceCode { pattern(Some(identifiers::NaceCode::PATTERN)), max_length(Some(5)), examples(["10.71"]) }
    /// The number of a bank account (ISO 13616), without spaces.
    Iban { pattern(Some(identifiers::Iban::PATTERN)), max_length(Some(34)), examples(["LU280019400644750000"]) }
    /// The code of a bank (ISO 9362).
    Bic { pattern(Some(identifiers::Bic::PATTERN)), max_length(Some(11)), examples(["BCEELULL"]) }
    /// A country (ISO 3166-1 alpha-2).
    Country { pattern(Some(identifiers::Country::PATTERN)), max_length(Some(2)), examples(["LU"]) }
    /// A currency (ISO 4217).
    Currency { pattern(Some(identifiers::Currency::PATTERN)), max_length(Some(3)), examples(["EUR"]) }
    /// A decimal number.
    Amount { pattern(Some(profile::Amount::PATTERN)), max_length(Some(19)), examples(["12500.00"]) }
    /// A day, in 1800 or later.
    Day { pattern(Some("^(1[89]|[2-9][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$")), format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))), examples(["1982-05-17"]) }
    /// A moment, as RFC 3339 writes it.
    Moment { format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))), max_length(Some(query::LONGEST_INSTANT)), examples(["2099-12-31T23:59:59Z"]) }
    /// A day of every year.
    MonthDay { pattern(Some(profile::MonthDay::PATTERN)), max_length(Some(7)), examples(["--12-31"]) }
    /// The code of a service that opens to certified spaces.
    ServiceCode { pattern(Some(catalogue::ServiceCode::PATTERN)), max_length(Some(catalogue::ServiceCode::MAX)), examples(["acd.tax-cards"]) }
    /// The code of a type of procedure.
    ProcedureTypeCode { pattern(Some(procedure::ProcedureTypeCode::PATTERN)), max_length(Some(procedure::ProcedureTypeCode::MAX)), examples(["aed.vat-registration"]) }
    /// Why a procedure was closed as it was.
    ExplanationText { pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::ExplanationText::MAX)), examples(["Le numéro de TVA vous est envoyé par courrier."]) }
    /// What a file is called; none of `\ / : * ? " < > |` is in it.
    FileName { pattern(Some(r#"^[^\\/:*?"<>|]+$"#)), min_length(Some(1)), max_length(Some(text::FileName::MAX)), examples(["statuts.pdf"]) }
    /// The code of a slot for attachments.
    AttachmentCode { pattern(Some(procedure::AttachmentCode::PATTERN)), max_length(Some(procedure::AttachmentCode::MAX)), examples(["statutes"]) }
    /// The SHA-256 of what a procedure says, in hexadecimal digits.
    ContentDigest { pattern(Some(procedure::ContentDigest::PATTERN)), max_length(Some(64)), examples(["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]) }
    /// The code of a transmission slip.
    VerificationCode { pattern(Some(procedure::VerificationCode::PATTERN)), max_length(Some(procedure::VerificationCode::LENGTH)), examples(["0f8e7d6c5b4a39281706f5e4d3c2b1a0"]) }
    /// What a procedure that was sent is called.
    ReferenceNumber { pattern(Some(procedure::ReferenceNumber::PATTERN)), max_length(Some(procedure::ReferenceNumber::MAX)), examples(["AED-2027-7K3M9QX2"]) }
    /// The code of an authentic source.
    SourceCode { pattern(Some(source::SourceCode::PATTERN)), max_length(Some(source::SourceCode::MAX)), examples(["aed.vat-balance"]) }
    /// By what an administration knows a record of a source.
    RecordKey { pattern(Some(source::RecordKey::PATTERN)), min_length(Some(1)), max_length(Some(source::RecordKey::MAX)), examples(["LU15027442"]) }
    /// The code of an administration.
    AdministrationCode { pattern(Some(catalogue::AdministrationCode::PATTERN)), max_length(Some(catalogue::AdministrationCode::MAX)), examples(["acd"]) }
    /// The code of a sector.
    SectorCode { pattern(Some(catalogue::SectorCode::PATTERN)), max_length(Some(catalogue::SectorCode::MAX)), examples(["taxes"]) }
    /// The code of a domain of a service.
    ServiceDomainCode { pattern(Some(catalogue::ServiceDomainCode::PATTERN)), max_length(Some(catalogue::ServiceDomainCode::MAX)), examples(["affiliations"]) }
    /// The national number of a legal person (11 digits) or of a self-employed person (13 digits).
    BusinessNumber { pattern(Some(certification::BusinessNumber::PATTERN)), max_length(Some(13)), examples(["19822200012"]) }
    /// Why a space asks to be certified.
    GroundsText { pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::GroundsText::MAX)), examples(["We took the establishment over"]) }
    /// A code that is chosen with a request, and asked for again when the access code is activated.
    SecurityCode { pattern(Some(certification::access_code::SecurityCode::PATTERN)), max_length(Some(certification::access_code::SecurityCode::MAX)), examples(["Fiches-27"]) }
    /// An access code: 32 digits and letters, in either case, with blanks and hyphens or without.
    AccessCodeText {
        pattern(Some(AccessSecret::PATTERN)), min_length(Some(32)), max_length(Some(AccessSecret::MAX)),
        examples(["7KQ2-M9XA-0C4T-HV8E-RB51-ZN6D-W3GP-YJFS"])
    }
    /// What somebody looks for.
    SearchText { pattern(Some(VISIBLE)), min_length(Some(1)), max_length(Some(text::SearchText::MAX)), examples(["impôt"]) }
    /// A version of the terms of use.
    TermsVersion { pattern(Some(Terms::VERSION_PATTERN)), max_length(Some(Terms::LONGEST_VERSION)), examples(["2026-01"]) }
    /// A registration's code.
    ConfirmationCode { pattern(Some("^[0-9]{6}$")), max_length(Some(6)), examples(["123456"]) }
    /// A refresh token: 256 random bits in base64url.
    RefreshToken { pattern(Some("^[A-Za-z0-9_-]{43}$")), max_length(Some(43)), examples(["4kXl1oYc8mAqVbUuC2nZr0QhWd7s5tJf9gPeKiLxMyE"]) }
    /// The grant of RFC 8693.
    TokenExchangeGrant { enum_values(Some(["urn:ietf:params:oauth:grant-type:token-exchange"])) }
    /// The grant of RFC 6749 §6.
    RefreshGrant { enum_values(Some(["refresh_token"])) }
    /// The grant of RFC 6749 §4.4.
    ClientCredentialsGrant { enum_values(Some(["client_credentials"])) }
    /// The type of a client's assertion (RFC 7523 §2.2).
    ClientAssertionType { enum_values(Some([client_assertion::TYPE])) }
    /// Rights of a system user, or scopes of a partner, with one space between them.
    Scope { pattern(Some("^[a-z_]+( [a-z_]+)*$")), max_length(Some(200)), examples(["read draft"]) }
    /// The id that a client gave its key.
    KeyId { pattern(Some("^[!-~]{1,128}$")), max_length(Some(128)), examples(["2027"]) }
    /// The type of keys of Ed25519.
    KeyTypeOkp { enum_values(Some(["OKP"])) }
    /// The type of keys of elliptic curves.
    KeyTypeEc { enum_values(Some(["EC"])) }
    /// The type of keys of RSA.
    KeyTypeRsa { enum_values(Some(["RSA"])) }
    /// The curve of Ed25519.
    CurveEd25519 { enum_values(Some(["Ed25519"])) }
    /// The curve P-256.
    CurveP256 { enum_values(Some(["P-256"])) }
    /// The algorithm of Ed25519 keys.
    AlgorithmEdDsa { enum_values(Some(["EdDSA"])) }
    /// The algorithm of P-256 keys.
    AlgorithmEs256 { enum_values(Some(["ES256"])) }
    /// The algorithms of RSA keys.
    AlgorithmsOfRsa { enum_values(Some(["RS256", "PS256"])) }
    /// What keys are for.
    ForSignatures { enum_values(Some(["sig"])) }
    /// 32 bytes in base64url.
    Coordinate { pattern(Some("^[A-Za-z0-9_-]{43}$")), max_length(Some(43)), examples(["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"]) }
    /// 256 to 512 bytes in base64url.
    Modulus { pattern(Some("^[A-Za-z0-9_-]{342,683}$")), max_length(Some(683)) }
    /// The exponent of an RSA key in base64url.
    Exponent { pattern(Some("^[A-Za-z0-9_-]{2,6}$")), max_length(Some(6)), examples(["AQAB"]) }
    /// The type of an ID token (RFC 8693 §3).
    IdTokenType { enum_values(Some(["urn:ietf:params:oauth:token-type:id_token"])) }
    /// The code of a private space.
    Private { enum_values(Some([SpaceKind::Private.code()])), examples([SpaceKind::Private.code()]) }
    /// The code of a professional space.
    Professional { enum_values(Some([SpaceKind::Professional.code()])), examples([SpaceKind::Professional.code()]) }
    /// A refresh token or an access token.
    AnyToken { min_length(Some(1)), max_length(Some(body::LIMIT)), examples(["4kXl1oYc8mAqVbUuC2nZr0QhWd7s5tJf9gPeKiLxMyE"]) }
    /// An ID token of a trusted issuer.
    Assertion { min_length(Some(1)), max_length(Some(16_384)), examples(["eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl"]) }
}

/// A file, as it is.
#[derive(Debug, ToSchema)]
#[schema(format = Binary, example = "%PDF-1.7")]
pub struct File(pub String);

/// Rights of software: at least one, each once.
#[derive(Debug)]
pub struct Rights;

impl PartialSchema for Rights {
    fn schema() -> RefOr<Schema> {
        let rights = ArrayBuilder::new().items(Ref::from_schema_name(SystemRightChoice::name()));
        rights.min_items(Some(1)).max_items(Some(SystemRight::ALL.len())).unique_items(true).into()
    }
}
impl ToSchema for Rights {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((SystemRightChoice::name().into_owned(), SystemRightChoice::schema()));
    }
}

/// How many professional spaces a product may have open.
#[derive(Debug)]
pub struct SpaceLimit;

impl PartialSchema for SpaceLimit {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Integer))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)));
        number.minimum(Some(0)).maximum(Some(helpdesk::SpaceLimit::MAX)).examples([250]).into()
    }
}
impl ToSchema for SpaceLimit {}

/// For a field of a merge patch (RFC 7396) that may be absent but not null: `null` is refused as a wrong type.
///
/// # Errors
/// The value is of another type.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
