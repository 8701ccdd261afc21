//! The code by which anybody who has a transmission slip finds out that the procedure was sent (domain.md §5, F; its form, C).

use std::fmt;

use crate::Fault;

/// 128 random bits in hexadecimal digits: nobody finds one by trying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationCode(String);

impl VerificationCode {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^[0-9a-f]{32}$";
    /// How many characters it has.
    pub const LENGTH: usize = 32;

    /// The code that random numbers stand for.
    pub fn draw([one, other]: [u64; 2]) -> Self {
        Self(format!("{one:016x}{other:016x}"))
    }

    /// Reads a code.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let is_code = raw.len() == Self::LENGTH && raw.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_code { Ok(Self(raw.to_owned())) } else { Err(Fault::Malformed) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VerificationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_drawn() {
        let code = VerificationCode::draw([1, u64::MAX]);
        assert_eq!(code.as_str(), "0000000000000001ffffffffffffffff");
        assert_eq!(VerificationCode::parse(code.as_str()), Ok(code.clone()));
        for wrong in ["", &code.as_str()[1..], &code.as_str().to_uppercase(), &format!("{code}0")] {
            assert_eq!(VerificationCode::parse(wrong), Err(Fault::Malformed), "{wrong}");
        }
    }
}
