use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::Map;
use uuid::Uuid;

use super::*;
use crate::{
    collaboration::member::tests::space,
    form::Form,
    procedure::{
        AttachmentCode, Opener, ProcedureOutcome, ProcedureType,
        attachment::tests::{file, slot},
        procedure_type::tests::procedure_type,
    },
    space::Space,
    store_room::ScanState,
};

fn kind(signature: SignatureKind) -> TypeWithForm {
    let TypeWithForm { kind, .. } = procedure_type("aed.vat", "TVA");
    let form = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": false,
        "properties": { "name": { "type": "string", "maxLength": 9 } }, "required": ["name"],
    });
    TypeWithForm { kind: ProcedureType { signature, ..kind }, form: Form::parse(form).unwrap() }
}

fn begun(space: &Space, kind: &TypeWithForm) -> Procedure {
    let opener = Opener { space, login: Some(Assurance::Substantial) };
    opener.begin((Uuid::from_u128(7).into(), &kind.kind), None, 0, space.created_at).unwrap().after().clone()
}

fn content(name: &str) -> Content {
    Content::new(Map::from_iter([("name".to_owned(), name.into())]), vec![]).unwrap()
}

fn session(now: Instant) -> Session {
    Session {
        id: Uuid::nil().into(),
        person: Uuid::from_u128(1).into(),
        product: Uuid::from_u128(2).into(),
        assurance: Assurance::Substantial,
        authenticated_at: now,
        helpdesk: false,
        created_at: now,
        refreshed_at: now,
        ended: None,
    }
}

fn names(procedure: &Procedure, now: Instant) -> (ReferenceNumber, VerificationCode) {
    (ReferenceNumber::draw(&procedure.kind, now, 0), VerificationCode::draw([0, 0]))
}

#[test]
fn the_digest_is_of_the_canonical_text() {
    let (space, kind) = (space(), kind(SignatureKind::Single));
    let (procedure, content) = (begun(&space, &kind), content("Café"));
    let attachments = &[file("plan", ScanState::Clean)];
    let submission =
        Submission { procedure: &procedure, kind: &kind, space: &space.identifier, content: &content, attachments };
    let attached = format!(
        r#"{{"mediaType":"application/pdf","name":"plan.pdf","sha256":"{}","size":5,"slot":"plan"}}"#,
        ContentDigest::of(b"%PDF-")
    );
    let canonical = format!(
        r#"{{"attachments":[{attached}],"content":{{"name":"Café"}},"procedure":"{}","space":"{}","type":{{"code":"aed.vat","version":1}}}}"#,
        procedure.id, space.identifier
    );
    let digest = submission.digest().unwrap();
    assert_eq!(digest, ContentDigest(Sha256::digest(canonical).into()));
    assert_eq!(ContentDigest::parse(&digest.to_string()), Ok(digest));
    for wrong in [digest.to_string().to_uppercase(), digest.to_string()[1..].to_owned(), "é".repeat(32)] {
        assert_eq!(ContentDigest::parse(&wrong), Err(Fault::Malformed));
    }
}

#[test]
fn what_was_seen_is_signed_and_sent() {
    let (space, kind) = (space(), kind(SignatureKind::Single));
    let (now, draft) = (space.created_at, begun(&space, &kind));
    let reference = || ReferenceNumber::draw(&draft.kind, now, 35);
    let code = || VerificationCode::draw([1, 2]);
    assert_eq!(reference().as_str(), format!("AED-{}-BBAAAAAA", now.year()));
    let [anna, emma, too_long] = ["Anna", "Emma", "Anna Maria"].map(content);
    let of =
        |content| Submission { procedure: &draft, kind: &kind, space: &space.identifier, content, attachments: &[] };
    let seen = |content| of(content).digest().unwrap();
    assert_eq!(of(&anna).signed(&session(now), seen(&emma), now), Err(Refusal::DigestChanged));
    assert_eq!(of(&too_long).signed(&session(now), seen(&too_long), now), Err(Refusal::ProcedureInvalid));
    let signed = of(&anna).signed(&session(now), seen(&anna), now).unwrap();
    let Signatures::Given(signature) = signed.signatures().clone() else { panic!("no signature") };
    assert_eq!((signature.digest, signed.after().state), (seen(&anna), ProcedureState::Signed));

    let of_signed = |content| Submission { procedure: signed.after(), ..of(content) };
    let submit = |of: Submission<'_>, signatures: &[_], seen| of.sent(signatures, seen, (reference(), code()), now);
    assert_eq!(submit(of(&anna), &[], seen(&anna)), Err(Refusal::SignatureMissing));
    let signatures = [signature];
    assert_eq!(submit(of_signed(&anna), &signatures, seen(&emma)), Err(Refusal::DigestChanged));
    assert_eq!(submit(of_signed(&emma), &signatures, seen(&emma)), Err(Refusal::DigestChanged), "that was not signed");
    let sent = submit(of_signed(&anna), &signatures, seen(&anna)).unwrap();
    assert_eq!(
        sent.after().sending,
        Some(Sending { reference: reference(), verification: code(), digest: seen(&anna), at: now })
    );
}

#[test]
fn nothing_is_signed_or_sent_without_the_files_that_must_be_there() {
    let (space, mut kind) = (space(), kind(SignatureKind::Single));
    kind.kind.attachments = vec![slot("plan", true)];
    let (now, draft, content) = (space.created_at, begun(&space, &kind), content("Anna"));
    let of = |attachments| Submission {
        procedure: &draft,
        kind: &kind,
        space: &space.identifier,
        content: &content,
        attachments,
    };
    let sign = |of: Submission<'_>| of.signed(&session(now), of.digest().unwrap(), now);
    let slots = vec![AttachmentCode::parse("plan").unwrap()];
    let incomplete = Err(Refusal::AttachmentsIncomplete { slots });
    assert_eq!(sign(of(&[])), incomplete);
    let [pending, clean] = [ScanState::Pending, ScanState::Clean].map(|scan| [file("plan", scan)]);
    let two = [clean[0].clone(), clean[0].clone()];
    assert_eq!(sign(of(&pending)), incomplete);
    let signed = sign(of(&clean)).unwrap();
    let Signatures::Given(signature) = signed.signatures().clone() else { panic!("no signature") };
    let of_signed = |attachments| Submission { procedure: signed.after(), ..of(attachments) };
    let send = |of: Submission<'_>| {
        of.sent(std::slice::from_ref(&signature), of.digest().unwrap(), names(&draft, now), now).map(drop)
    };
    assert_eq!(send(of_signed(&two)), Err(Refusal::DigestChanged));
    assert_eq!(send(of_signed(&clean)), Ok(()));
}

#[test]
fn each_type_wants_its_signatures() {
    let space = space();
    let now = space.created_at;
    for (signature, is_sent) in
        [(SignatureKind::None, true), (SignatureKind::Single, false), (SignatureKind::Double, false)]
    {
        let kind = kind(signature);
        let (draft, content) = (begun(&space, &kind), content("Anna"));
        let submission = Submission {
            procedure: &draft,
            kind: &kind,
            space: &space.identifier,
            content: &content,
            attachments: &[],
        };
        let seen = submission.digest().unwrap();
        let sent = submission.sent(&[], seen, names(&draft, now), now);
        assert_eq!(sent.is_ok(), is_sent);
        let signed = submission.signed(&session(now), seen, now);
        assert_eq!(signed.err(), (signature == SignatureKind::None).then_some(Refusal::SignatureNotWanted));
    }
}

proptest! {
    /// Whatever is tried: a procedure goes from state to state by this table alone, each change counts, and nobody has signed
    /// what is in preparation.
    #[test]
    fn it_goes_from_state_to_state_as_the_table_says(tries in proptest::collection::vec(0..11_u8, 0..40)) {
        use ProcedureState::{Closed, InPreparation, InProgress, Received, Sent, Signed, Withdrawn};
        let (space, kind, content) = (space(), kind(SignatureKind::Single), content("Anna"));
        let (mut procedure, mut signatures) = (begun(&space, &kind), vec![]);
        let mut now = space.created_at;
        for attempt in tries {
            now += TimeDelta::hours(1);
            let submission =
                Submission { procedure: &procedure, kind: &kind, space: &space.identifier, content: &content, attachments: &[] };
            let seen = submission.digest().unwrap();
            let done = match attempt {
                0 => procedure.edited(now),
                1 => procedure.binned(now),
                2 => procedure.restored(now),
                3 => submission.signed(&session(now), seen, now),
                4 => submission.sent(&signatures, seen, names(&procedure, now), now),
                5 => procedure.withdrawn(now),
                6 => procedure.received(now),
                7 => procedure.started(now),
                8 => procedure.attached(&slot("plan", false), 1, now),
                9 => procedure.detached(now),
                _ => procedure.closed(ProcedureOutcome::Granted, now),
            };
            let expected = match (attempt, procedure.state, procedure.binned_at.is_some()) {
                (0 | 1 | 8 | 9, InPreparation | Signed, false) | (2, InPreparation, true) => Some(InPreparation),
                (3, InPreparation, false) => Some(Signed),
                (4, Signed, false) => Some(Sent),
                (5, Sent | Received | InProgress, false) => Some(Withdrawn),
                (6, Sent, false) => Some(Received),
                (7, Sent | Received, false) => Some(InProgress),
                (10, Sent | Received | InProgress, false) => Some(Closed),
                _ => None,
            };
            prop_assert_eq!(done.as_ref().ok().map(|change| change.after().state), expected);
            let Ok(change) = done else { continue };
            prop_assert_eq!(change.after().version, procedure.version + 1);
            match change.signatures() {
                Signatures::Kept => (),
                Signatures::Given(signature) => signatures.push(signature.clone()),
                Signatures::Void => signatures.clear(),
            }
            procedure = change.after().clone();
            prop_assert_eq!(signatures.is_empty(), procedure.state == InPreparation);
            prop_assert_eq!(procedure.sending.is_none(), ProcedureState::UNSENT.contains(&procedure.state));
            prop_assert_eq!(procedure.outcome.is_some(), procedure.state == Closed);
        }
    }
}
