//! A journal against what it records.

use super::Integrity;
use super::rows::Written;
use domain::ledger::{Draft, digest};

/// Compares `journal` with the `draft` that its event gives, and with the journal that it must reverse.
pub(super) fn check(journal: &Written, draft: &Draft, reverses: Option<&str>, found: &mut Integrity) {
    found.journals += 1;
    let (merchant, mode) = (draft.tenant.merchant.to_string(), draft.tenant.mode.as_str());
    if (journal.merchant_id.as_str(), journal.mode.as_str()) != (merchant.as_str(), mode) {
        let (is, in_mode) = (&journal.merchant_id, &journal.mode);
        found.problem(
            &journal.id,
            format!("it belongs to {is} in {in_mode} mode, its event to {merchant} in {mode} mode"),
        );
    }
    if journal.reverses.as_deref() != reverses {
        let (is, due) = (
            journal.reverses.as_deref().unwrap_or("nothing"),
            reverses.unwrap_or("nothing"),
        );
        found.problem(&journal.id, format!("it reverses {is}, expected {due}"));
    }
    if i64::from(journal.legs) != i64::try_from(journal.transfers.len()).unwrap_or(i64::MAX)
        || journal.transfers.len() != draft.legs.len()
    {
        let (written, due) = (journal.transfers.len(), draft.legs.len());
        found.problem(&journal.id, format!("it has {written} transfers, expected {due}"));
    }
    for (transfer, leg) in journal.transfers.iter().zip(&draft.legs) {
        found.transfers += 1;
        let name = format!("{}/{}", journal.id, transfer.leg);
        found.expect(&name, "its amount", leg.amount, transfer.amount);
        if transfer.business_date != journal.business_date {
            let (day, due) = (transfer.business_date, journal.business_date);
            found.problem(&name, format!("it counts for {day}, its journal for {due}"));
        }
        let expected = (leg.debit.to_string(), leg.credit.to_string(), leg.code.as_str());
        if (
            transfer.debit.as_str(),
            transfer.credit.as_str(),
            transfer.code.as_str(),
        ) != (expected.0.as_str(), expected.1.as_str(), expected.2)
        {
            let (debit, credit, code) = (&transfer.debit, &transfer.credit, &transfer.code);
            found.problem(
                &name,
                format!("it moves {code} from {debit} to {credit}, which its event does not"),
            );
        }
    }
    let legs = journal.transfers.iter();
    let said = legs.map(|leg| {
        (
            leg.debit.as_str(),
            leg.credit.as_str(),
            leg.amount,
            leg.code.as_str(),
        )
    });
    match journal.id.parse() {
        Ok(id)
            if digest(id, &journal.kind, &journal.source_id, journal.business_date, said)
                == journal.digest => {}
        _ => found.problem(
            &journal.id,
            "its digest does not match: the journal or a transfer of it was changed",
        ),
    }
}
