//! What the contract says of the domain's values; their limits are read from the domain.

use std::borrow::Cow;

use domain::{
    Coded,
    audit::{AuditAct, AuditActorKind},
    collaboration::Role,
    helpdesk::{self, LimitRequestStatus},
    identity::{Assurance, ProductKind, ProductStatus, RegistrationStatus, Serial, Terms},
    space::{EntityType, SpaceIdentifier, SpaceKind, SpaceState},
    text,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat,
        schema::{SchemaType, Type},
    },
};

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
    AssuranceChoice(Assurance),
    AuditActChoice(AuditAct),
    AuditActorKindChoice(AuditActorKind),
    EntityTypeChoice(EntityType),
    LanguageChoice(text::Language),
    LimitRequestStatusChoice(LimitRequestStatus),
    ProductKindChoice(ProductKind),
    ProductStatusChoice(ProductStatus),
    RegistrationStatusChoice(RegistrationStatus),
    RoleChoice(Role),
    SpaceKindChoice(SpaceKind),
    SpaceStateChoice(SpaceState),
}

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
    Title { min_length(Some(1)), max_length(Some(text::Title::MAX)), examples(["Boulangerie du Coin"]) }
    /// An e-mail address.
    EmailAddress {
        format(Some(SchemaFormat::KnownFormat(KnownFormat::Email))),
        min_length(Some(3)), max_length(Some(text::EmailAddress::MAX)), examples(["office@example.lu"])
    }
    /// An eSpace identifier.
    Identifier { pattern(Some(SpaceIdentifier::PATTERN)), examples(["PM-A1B2C3"]) }
    /// The subject serial number of an authentication product.
    SerialNumber { pattern(Some(Serial::PATTERN)), examples(["10000000000000000011"]) }
    /// Why something is asked for or done: one line about the thing itself, which names nobody.
    ReasonText {
        min_length(Some(1)), max_length(Some(text::ReasonText::MAX)), examples(["More lines of business than places"])
    }
    /// A version of the terms of use.
    TermsVersion { pattern(Some(Terms::VERSION_PATTERN)), examples(["2026-01"]) }
    /// A registration's code.
    ConfirmationCode { pattern(Some("^[0-9]{6}$")), examples(["123456"]) }
    /// An ID token of a trusted issuer.
    Assertion { min_length(Some(1)), max_length(Some(16_384)), examples(["eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl"]) }
}

/// How many professional spaces a product may have open.
#[derive(Debug)]
pub struct SpaceLimit;

impl PartialSchema for SpaceLimit {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer));
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
