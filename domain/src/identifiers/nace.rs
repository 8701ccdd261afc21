//! Economic activities by NACE, the classification of the European Union (Regulations 1893/2006 and 2023/137).

use super::{identifiers, is_digits};
use crate::{Fault, coded::coded};

coded! {
    /// A revision of NACE: the same code is another activity in another one.
    NaceRevision {
        /// Revision 2, of 2008.
        Two = "2",
        /// Revision 2.1, of 2025.
        TwoOne = "2.1",
    }
}

identifiers! {
    /// A division (`10`), group (`10.7`) or class (`10.71`); which revision it is of is told beside it.
    NaceCode,
}

impl NaceCode {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^(0[1-9]|[1-9][0-9])([.][0-9]{1,2})?$";

    /// Reads a code by its form, which both revisions share.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let (division, rest) = raw.split_once('.').map_or((raw, None), |(division, rest)| (division, Some(rest)));
        let is_division = division.len() == 2 && is_digits(division) && division != "00";
        let is_rest = rest.is_none_or(|rest| matches!(rest.len(), 1 | 2) && is_digits(rest));
        if is_division && is_rest { Ok(Self(raw.to_owned())) } else { Err(Fault::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_division_a_group_or_a_class() {
        for code in ["10", "10.7", "10.71", "01.11", "99.00"] {
            assert_eq!(NaceCode::parse(code).unwrap().as_str(), code);
        }
        for wrong in ["", "1", "C", "C10", "00", "10.", "10.711", "1071", "10,7", "10.7.1", " 10", "10.7é", "١٠"] {
            assert_eq!(NaceCode::parse(wrong), Err(Fault::Malformed), "{wrong}");
        }
    }
}
