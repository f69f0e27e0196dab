//! Instants as people in Iraq read them.
//!
//! Invariant: what is shown is the time of Baghdad, whatever the zone of the server or of the browser. Months are those that Iraq
//! says (كانون الثاني, not يناير); Sorani dates are written as CLDR's `ckb` writes them (`dی MMMMی y`).

use crate::Timestamp;
use crate::language::Language;
use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;

/// `15 June 2026, 13:42`, in the time of Baghdad.
#[must_use]
pub fn shown(at: Timestamp, language: Language) -> String {
    let local = baghdad(at);
    let (day, year) = (local.day(), local.year());
    let month = month(local.month0(), language);
    let clock = format!("{:02}:{:02}", local.hour(), local.minute());
    language.digits(&match language {
        Language::English => format!("{day} {month} {year}, {clock}"),
        Language::Arabic => format!("{day} {month} {year}، {clock}"),
        Language::Sorani => format!("{day}ی {month}ی {year}، {clock}"),
    })
}

fn baghdad(at: Timestamp) -> DateTime<Tz> {
    at.with_timezone(&chrono_tz::Asia::Baghdad)
}

fn month(of_year: u32, language: Language) -> &'static str {
    let names = match language {
        Language::English => [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        Language::Arabic => [
            "كانون الثاني",
            "شباط",
            "آذار",
            "نيسان",
            "أيار",
            "حزيران",
            "تموز",
            "آب",
            "أيلول",
            "تشرين الأول",
            "تشرين الثاني",
            "كانون الأول",
        ],
        Language::Sorani => [
            "کانوونی دووەم",
            "شوبات",
            "ئازار",
            "نیسان",
            "ئایار",
            "حوزەیران",
            "تەمووز",
            "ئاب",
            "ئەیلوول",
            "تشرینی یەکەم",
            "تشرینی دووەم",
            "کانوونی یەکەم",
        ],
    };
    usize::try_from(of_year)
        .ok()
        .and_then(|place| names.get(place))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_that_of_baghdad() {
        let at: Timestamp = "2026-06-15T21:05:59Z".parse().unwrap();
        assert_eq!(shown(at, Language::English), "16 June 2026, 00:05");
        assert_eq!(shown(at, Language::Arabic), "١٦ حزيران ٢٠٢٦، ٠٠:٠٥");
        assert_eq!(shown(at, Language::Sorani), "١٦ی حوزەیرانی ٢٠٢٦، ٠٠:٠٥");
    }

    #[test]
    fn every_month_has_a_name_of_its_own() {
        for language in Language::ALL {
            let names: std::collections::BTreeSet<_> = (0..12).map(|place| month(place, *language)).collect();
            assert_eq!(names.len(), 12, "{language}");
            assert!(!names.contains(""), "{language}");
        }
    }
}
