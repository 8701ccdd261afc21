//! Dates and figures of a company.

use std::fmt;

use chrono::{Datelike, NaiveDate};

use crate::{Fault, identifiers::Currency};

/// A company's dates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyDates {
    /// When it was incorporated.
    pub incorporated_on: Option<NaiveDate>,
    /// When it took up its activity.
    pub activity_started_on: Option<NaiveDate>,
    /// The day on which its financial years end.
    pub financial_year_ends_on: Option<MonthDay>,
}

/// A company's figures, those in money at the end of its last financial year.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// How many persons it employs, at most [`Figures::MOST_EMPLOYEES`].
    pub employees: Option<u32>,
    /// Its share capital.
    pub share_capital: Option<Money>,
    /// Its turnover.
    pub turnover: Option<Money>,
    /// Its balance sheet total.
    pub balance_sheet_total: Option<Money>,
}

impl Figures {
    /// More than any company employs (our choice).
    pub const MOST_EMPLOYEES: u32 = 10_000_000;

    /// Takes a number of employees.
    ///
    /// # Errors
    /// [`Fault::OutOfRange`].
    pub fn parse_employees(number: i64) -> Result<u32, Fault> {
        let employees = u32::try_from(number).ok().filter(|number| *number <= Self::MOST_EMPLOYEES);
        employees.ok_or(Fault::OutOfRange { min: 0, max: Self::MOST_EMPLOYEES.into() })
    }
}

/// An amount of a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
}

/// A decimal number that is not negative, exactly as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount(String);

impl Amount {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^(0|[1-9][0-9]{0,14})([.][0-9]{1,3})?$";

    /// Reads up to fifteen digits without a zero before them and, after a point, one to three more.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let (whole, rest) = raw.split_once('.').map_or((raw, None), |(whole, rest)| (whole, Some(rest)));
        let is_whole = whole == "0" || (is_digits(whole, 15) && !whole.starts_with('0'));
        let is_amount = is_whole && rest.is_none_or(|rest| is_digits(rest, 3));
        if is_amount { Ok(Self(raw.to_owned())) } else { Err(Fault::Malformed) }
    }
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_digits(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A day of every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthDay(NaiveDate);

impl MonthDay {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^--(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";

    /// Reads `--MM-DD` (XML Schema's `gMonthDay`); the 29th of February is one.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let day = raw.strip_prefix("--").ok_or(Fault::Malformed)?;
        // In a leap year.
        parse_form(&format!("2000-{day}")).map(Self)
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{}", self.0.format("%m-%d"))
    }
}

/// Reads a day of a company's life, `YYYY-MM-DD` (RFC 3339), from 1800 on.
///
/// # Errors
/// [`Fault::Malformed`].
pub fn parse_day(raw: &str) -> Result<NaiveDate, Fault> {
    parse_form(raw).ok().filter(|day| day.year() >= 1800).ok_or(Fault::Malformed)
}

/// Ten characters, as they are written again.
fn parse_form(raw: &str) -> Result<NaiveDate, Fault> {
    let day = NaiveDate::parse_from_str(raw, "%Y-%m-%d").ok();
    day.filter(|day| raw.len() == 10 && day.to_string() == raw).ok_or(Fault::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_decimal_and_kept_as_written() {
        for amount in ["0", "12500", "12500.00", "0.5", "1.125", "999999999999999.999"] {
            assert_eq!(Amount::parse(amount).unwrap().as_str(), amount);
        }
        for wrong in
            ["", ".5", "5.", "-1", "+1", "00", "01", "1e3", "1,5", "1.1234", "1000000000000000", " 1", "١", "1.5.2"]
        {
            assert_eq!(Amount::parse(wrong), Err(Fault::Malformed), "{wrong}");
        }
    }

    #[test]
    fn days_have_one_form() {
        for day in ["1856-06-01", "2024-02-29"] {
            assert_eq!(parse_day(day).unwrap().to_string(), day);
        }
        for wrong in [
            "",
            "2023-02-29",
            "2024-2-9",
            "24-02-09",
            "2024-02-09Z",
            "+2024-02-09",
            "1799-12-31",
            "20240209",
            "12024-01-01",
        ] {
            assert_eq!(parse_day(wrong), Err(Fault::Malformed), "{wrong}");
        }
        for day in ["--12-31", "--02-29"] {
            assert_eq!(MonthDay::parse(day).unwrap().to_string(), day);
        }
        for wrong in ["", "--", "12-31", "--2-29", "--02-30", "--13-01", "--00-00", "2024-12-31", "--12-31Z"] {
            assert_eq!(MonthDay::parse(wrong), Err(Fault::Malformed), "{wrong}");
        }
    }

    #[test]
    fn nobody_employs_less_than_nobody() {
        assert_eq!(Figures::parse_employees(0), Ok(0));
        assert_eq!(Figures::parse_employees(10_000_000), Ok(10_000_000));
        for wrong in [-1, 10_000_001, i64::MAX, i64::MIN] {
            assert!(Figures::parse_employees(wrong).is_err());
        }
    }
}
