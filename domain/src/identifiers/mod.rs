//! Numbers and codes by which companies, banks, countries and currencies are known, each read by the rules of who gives
//! them out (domain.md §9).

pub mod bank;
pub mod company;
pub mod iso;
pub mod nace;

pub use bank::{Bic, Iban};
pub use company::{LegalPersonNumber, RcsNumber, VatNumber};
pub use iso::{Country, Currency};
pub use nace::{NaceCode, NaceRevision};

/// Declares a code that is kept as the text that [`parse`](self) made of it.
macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The code in its one form.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}
pub(crate) use identifiers;

/// Capital letters and digits, without the spaces that people write within a code.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
