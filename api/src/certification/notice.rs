//! What administrators of a space are written of its certifications.

use domain::{Instant, catalogue::Service, certification::CertificationAct, space::Space, text::Language};

use crate::{http::language::Text, mail::Mail, space::life::day_and_hour};

/// What there is to say.
#[derive(Debug, Clone, Copy)]
pub enum Said {
    /// This was done to it.
    Changed(CertificationAct),
    /// It ends then.
    Ends(Instant),
}

/// The mail, in a language.
pub fn mail(space: &Space, service: &Service, said: Said, language: Language) -> Mail {
    let (identifier, title) = (space.identifier.to_string(), space.title.as_ref().map(ToString::to_string));
    let (title, service) = (title.unwrap_or_default(), service.titles.in_language(language).to_owned());
    match said {
        Said::Changed(act) => {
            let change = in_words(act).in_language(language).to_owned();
            Mail::CertificationChanged { identifier, title, service, change }
        }
        Said::Ends(at) => Mail::CertificationEndsSoon { identifier, title, service, until: day_and_hour(at) },
    }
}

/// The mail to the holder, in a language, of what became of its agent, if he is told of it.
pub fn of_agent(
    (space, service): (&Space, &Service),
    (agent, act): (&Space, CertificationAct),
    language: Language,
) -> Option<Mail> {
    let (identifier, title) = (space.identifier.to_string(), space.title.as_ref().map(ToString::to_string));
    let change = match act {
        CertificationAct::Granted => Text {
            fr: "est désormais certifié comme votre mandataire",
            de: "ist jetzt als Ihr Bevollmächtigter zertifiziert",
            en: "is now certified as your agent",
            lb: "ass elo als Äre Mandataire zertifizéiert",
        },
        CertificationAct::Withdrawn => Text {
            fr: "n'est plus votre mandataire, à sa propre initiative",
            de: "ist auf eigenen Wunsch nicht mehr Ihr Bevollmächtigter",
            en: "is no longer your agent, of its own accord",
            lb: "ass op eegene Wonsch net méi Äre Mandataire",
        },
        _ => return None,
    };
    let (title, service) = (title.unwrap_or_default(), service.titles.in_language(language).to_owned());
    let (agent, change) = (agent.identifier.to_string(), change.in_language(language).to_owned());
    Some(Mail::AgentChanged { identifier, title, service, agent, change })
}

/// The mail to the holder, in a language, of a code that wrong security codes locked.
pub fn of_locked_code(space: &Space, service: &Service, language: Language) -> Mail {
    let (identifier, title) = (space.identifier.to_string(), space.title.as_ref().map(ToString::to_string));
    let (title, service) = (title.unwrap_or_default(), service.titles.in_language(language).to_owned());
    Mail::AccessCodeLocked { identifier, title, service }
}

/// The end of a sentence that begins with the certification.
fn in_words(act: CertificationAct) -> Text {
    match act {
        CertificationAct::Requested => {
            Text { fr: "a été demandée", de: "wurde beantragt", en: "was requested", lb: "gouf ugefrot" }
        }
        CertificationAct::TakenUp => Text {
            fr: "est examinée par l'administration",
            de: "wird von der Verwaltung geprüft",
            en: "is being looked into by the administration",
            lb: "gëtt vun der Administratioun nogekuckt",
        },
        CertificationAct::Granted => {
            Text { fr: "a été accordée", de: "wurde erteilt", en: "was granted", lb: "gouf accordéiert" }
        }
        CertificationAct::Refused => {
            Text { fr: "a été refusée", de: "wurde abgelehnt", en: "was refused", lb: "gouf refuséiert" }
        }
        CertificationAct::Suspended => {
            Text { fr: "a été suspendue", de: "wurde ausgesetzt", en: "was suspended", lb: "gouf suspendéiert" }
        }
        CertificationAct::Resumed => {
            Text { fr: "est de nouveau en vigueur", de: "gilt wieder", en: "is in force again", lb: "gëllt erëm" }
        }
        CertificationAct::Revoked => {
            Text { fr: "a été révoquée", de: "wurde widerrufen", en: "was revoked", lb: "gouf revoquéiert" }
        }
        CertificationAct::Expired => {
            Text { fr: "est arrivée à échéance", de: "ist abgelaufen", en: "has expired", lb: "ass ofgelaf" }
        }
        CertificationAct::Withdrawn => Text {
            fr: "a été retirée ou abandonnée par l'espace",
            de: "wurde vom Bereich zurückgezogen oder aufgegeben",
            en: "was withdrawn or given up by the space",
            lb: "gouf vum Espace zréckgezunn oder opginn",
        },
        CertificationAct::PrincipalLapsed => Text {
            fr: "est sans effet tant que celle du mandant n'est pas en vigueur",
            de: "ist ohne Wirkung, solange die des Auftraggebers nicht gilt",
            en: "has no effect while that of the principal is not in force",
            lb: "huet keng Wierkung, soulaang déi vum Mandant net gëllt",
        },
        CertificationAct::PrincipalReturned => Text {
            fr: "a de nouveau effet, celle du mandant étant en vigueur",
            de: "wirkt wieder, da die des Auftraggebers gilt",
            en: "has effect again, as that of the principal is in force",
            lb: "huet erëm Wierkung, well déi vum Mandant gëllt",
        },
    }
}
