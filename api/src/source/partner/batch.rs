//! Lines on their way in: each is understood and sealed for itself, and those of a batch are judged and kept in one transaction.

use std::collections::HashMap;

use domain::{
    Fault, Refusal,
    identity::Protected,
    partner::PartnerScope,
    source::{Arrival, KnownRecord, Push, RecordChange, RecordKey, SourceCode, SourceWithForm},
    text::Language,
};
use persistence::{StoreError, Transaction};
use serde_json::Value;

use super::{
    request::SourceRecordLine,
    view::{SourceRecordResult, SourceRecordResults},
};
use crate::{
    app::App,
    http::{body::understand, caller::Partner, field::FieldError, lines::Line, problem::Problem},
    source::sealed,
};

/// What takes the lines of one request.
pub struct Intake {
    partner: Partner,
    source: SourceWithForm,
    language: Language,
    results: Vec<SourceRecordResult>,
}

/// A line that can be judged.
struct Ready {
    line: usize,
    push: Push,
    /// Whom it is about and what it says, as they are kept.
    kept: Option<(Protected, String)>,
}

impl Intake {
    /// Of a partner whose source it is.
    pub fn new(partner: Partner, source: SourceWithForm, language: Language) -> Self {
        Self { partner, source, language, results: vec![] }
    }

    /// What became of all lines.
    pub fn results(self) -> SourceRecordResults {
        SourceRecordResults { results: self.results }
    }

    /// Deals with a batch.
    ///
    /// # Errors
    /// The partner or the source is gone; the database can't be asked. Then nothing of the batch is kept.
    pub async fn take(&mut self, batch: Vec<Line>) -> Result<(), Problem> {
        let app = self.partner.app();
        let ready: Vec<_> = batch.into_iter().map(|line| self.ready(&app, line)).collect();
        let (code, language) = (self.source.source.code.clone(), self.language);
        let done = self.partner.write(PartnerScope::PushRecords, move |tx, partner| {
            code.require_of(&partner.administration)?;
            tx.lock_authentic_source(&code)?.ok_or(Refusal::NotFound)?;
            let keys: Vec<&RecordKey> = ready.iter().flatten().map(|ready| &ready.push.key).collect();
            let known = tx.source_records_with(&code, &keys)?.into_iter();
            let known = known.map(|kept| Ok((kept.record.key.clone(), sealed::open(&app.data_keys, kept)?)));
            let mut known = known.collect::<Result<HashMap<_, _>, StoreError>>()?;
            let mut results = Vec::with_capacity(ready.len());
            for line in ready {
                results.push(match line {
                    Ok(ready) => keep(tx, (&code, language), &mut known, ready)?,
                    Err(refused) => refused,
                });
            }
            Ok(results)
        });
        self.results.extend(done.await?);
        Ok(())
    }

    /// A line, as far as it can be judged without knowing its record.
    fn ready(&self, app: &App, Line { number: line, text }: Line) -> Result<Ready, SourceRecordResult> {
        let refused = |key: Option<&Push>, problem: Problem| {
            SourceRecordResult::refused(line, key.map(|push| push.key.to_string()), problem, self.language)
        };
        let at = |pointer: &str, fault: Fault| Problem::invalid(vec![FieldError::at(pointer, fault.into())]);
        let text = text.ok_or_else(|| refused(None, at("", Fault::TooLarge)))?;
        let push = understand::<SourceRecordLine>(&text).map_err(|errors| refused(None, Problem::invalid(errors)))?;
        let Some(said) = &push.content else { return Ok(Ready { line, push, kept: None }) };
        let subject = said.require_subject_for(self.source.source.audience);
        subject.map_err(|fault| refused(Some(&push), at("/nationalNumber", fault)))?;
        if said.as_of > (app.clock)() {
            return Err(refused(Some(&push), at("/asOf", Fault::TooFar)));
        }
        let errors = self.source.form.check(&Value::Object(said.fields.clone()));
        if !errors.is_empty() {
            let refused = refused(Some(&push), Refusal::RecordInvalid.into());
            return Err(refused.with_content_errors(errors, self.language));
        }
        let keys = &app.data_keys;
        let kept = Some((keys.protect_business(&said.subject), sealed::seal(keys, &said.fields)));
        Ok(Ready { line, push, kept })
    }
}

/// Judges a line by what is known of its record, and keeps what becomes of that.
fn keep(
    tx: &mut Transaction<'_>,
    (source, language): (&SourceCode, Language),
    known: &mut HashMap<RecordKey, KnownRecord>,
    Ready { line, push, kept }: Ready,
) -> Result<SourceRecordResult, Problem> {
    let (subject, sealed) = kept.unzip();
    let before = known.get(&push.key);
    let arrival = Arrival { source, id: tx.new_id(), subject, now: tx.now() };
    let (outcome, change) = match push.judge(before, arrival) {
        Ok(judged) => judged,
        Err(refusal) => {
            return Ok(SourceRecordResult::refused(line, Some(push.key.to_string()), refusal.into(), language));
        }
    };
    let record = change.as_ref().map(RecordChange::record).or(before.map(|known| &known.record));
    let record = record.ok_or(Refusal::NotFound)?.clone();
    let result = SourceRecordResult::done(line, push.key.to_string(), outcome, record.id.0);
    if let Some(change) = change {
        tx.save_source_record(&change, sealed)?;
        let subject = push.content.as_ref().map(|said| &said.subject).or(before.map(|known| &known.subject));
        let subject = subject.ok_or(Refusal::NotFound)?.clone();
        known.insert(push.key, KnownRecord { record, subject, content: push.content });
    }
    Ok(result)
}
