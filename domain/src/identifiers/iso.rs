//! Countries (ISO 3166-1) and currencies (ISO 4217).

use super::identifiers;
use crate::Fault;

identifiers! {
    /// A country's two letters (ISO 3166-1 alpha-2).
    Country,
    /// A currency's three letters (ISO 4217).
    Currency,
}

const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY \
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR \
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK \
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF \
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Those that people pay with: no metals, units of account or codes for tests.
const CURRENCIES: &str = "\
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP \
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG \
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL \
    MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR \
    RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD \
    TZS UAH UGX USD UYU UZS VED VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

impl Country {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^[A-Z]{2}$";

    /// Reads two capital letters that a country has.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        listed(COUNTRIES, raw).map(Self)
    }
}

impl Currency {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^[A-Z]{3}$";

    /// Reads three capital letters that a currency has.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        listed(CURRENCIES, raw).map(Self)
    }
}

fn listed(list: &str, code: &str) -> Result<String, Fault> {
    if list.split(' ').any(|known| known == code) { Ok(code.to_owned()) } else { Err(Fault::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_of_one_form() {
        for (list, length, count) in [(COUNTRIES, 2, 249), (CURRENCIES, 3, 154)] {
            let codes: Vec<&str> = list.split(' ').collect();
            assert!(
                codes.iter().all(|code| code.len() == length && code.bytes().all(|byte| byte.is_ascii_uppercase()))
            );
            assert!(codes.is_sorted_by(|one, next| one < next));
            assert_eq!(codes.len(), count);
        }
    }

    #[test]
    fn only_codes_of_the_lists_are_read() {
        for known in ["LU", "BE", "DE", "FR", "PT", "XK"] {
            assert_eq!(Country::parse(known).is_ok(), known != "XK", "{known}");
        }
        for wrong in ["", " ", "L", "lu", "LUX", "ZZ", "EU", "AD AE", "É"] {
            assert_eq!(Country::parse(wrong), Err(Fault::Malformed), "{wrong:?}");
        }
        for known in ["EUR", "USD", "CHF", "GBP", "JPY", "XOF"] {
            assert!(Currency::parse(known).is_ok(), "{known}");
        }
        for wrong in ["", "eur", "EU", "EURO", "XXX", "XAU", "LUF", "€"] {
            assert_eq!(Currency::parse(wrong), Err(Fault::Malformed), "{wrong}");
        }
    }
}
