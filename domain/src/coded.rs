//! Closed lists of values, each with the one code that stands for it in JSON and in the database.

/// A value out of a closed list.
pub trait Coded: Copy + Eq + 'static {
    /// What the list is called in the API's contract.
    const NAME: &'static str;
    /// Every value, in the order in which documents show them.
    const ALL: &'static [Self];

    /// The code: `snake_case`, stable for ever.
    fn code(self) -> &'static str;

    /// The value that a code stands for; codes are case-sensitive.
    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.code() == code)
    }
}

/// Declares an enum and its codes in one place.
macro_rules! coded {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $value:ident = $code:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $value),+ }

        impl $crate::Coded for $name {
            const NAME: &'static str = stringify!($name);
            const ALL: &'static [Self] = &[$(Self::$value),+];
            fn code(self) -> &'static str {
                match self { $(Self::$value => $code),+ }
            }
        }
    };
}
pub(crate) use coded;
