//! Mails: what they say, how they wait in the outbox, and the two ways out: a mail server, or development's drop.

mod drop;
mod notice;
mod server;

pub use drop::{Drop, DroppedMail};
pub use notice::{tell, tell_each};
pub use server::MailServer;

use domain::{
    Coded,
    text::{EmailAddress, Language},
};
use minijinja::{Environment, UndefinedBehavior, value::Serde};
use persistence::Message;
use serde::{Deserialize, Serialize};

use crate::{http::language::Text, keys::DataKeys};

/// What a mail is about; its fields are the variables of its templates.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Mail {
    /// The code that confirms an address.
    Confirmation {
        /// Six digits.
        code: String,
    },
    /// The person's address is another one now; this goes to the one before.
    EmailChanged,
    /// A further product can now log in as this person.
    ProductAdded {
        /// Its serial number, masked.
        masked_serial: String,
    },
    /// The Helpdesk gave a product another limit, asked or unasked.
    SpaceLimitChanged {
        /// Its serial number, masked.
        masked_serial: String,
        /// How many professional spaces may be open that were opened with it.
        limit: u32,
    },
    /// The Helpdesk refused a higher limit.
    LimitRequestRefused {
        /// The product's serial number, masked.
        masked_serial: String,
    },
    /// The Helpdesk suspended a space.
    SpaceSuspended {
        /// What people call it.
        identifier: String,
    },
    /// A suspended space is open again.
    SpaceResumed {
        /// What people call it.
        identifier: String,
    },
    /// A product opens nothing any more.
    ProductWithdrawn {
        /// Its serial number, masked.
        masked_serial: String,
    },
    /// A space was closed.
    SpaceClosed {
        /// The space's identifier.
        identifier: String,
        /// Until when it can be restored.
        until: String,
    },
    /// A closed space was restored.
    SpaceRestored {
        /// The space's identifier.
        identifier: String,
    },
    /// A member has another role.
    MemberRoleChanged {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// What the mail's language calls the role.
        role: String,
    },
    /// A member was suspended.
    MemberSuspended {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
    },
    /// A suspended member may do again what his role lets him do.
    MemberResumed {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
    },
    /// A member was removed.
    MemberRemoved {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
    },
    /// A member left; this goes to the administrators.
    MemberLeft {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// Who he was.
        member: String,
    },
    /// Somebody is invited to a space.
    Invitation {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// Who invites.
        inviter: String,
        /// What the mail's language calls the role that is offered.
        role: String,
        /// The serial number of the product that he is to log in with, masked.
        masked_serial: String,
        /// Until when it can be accepted.
        until: String,
    },
    /// An invitation that nobody answered expires soon.
    InvitationReminder {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// The serial number of the product that he is to log in with, masked.
        masked_serial: String,
        /// Until when it can be accepted.
        until: String,
    },
    /// An invitation was taken back; this goes to the invitee.
    InvitationCancelled {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
    },
    /// An invitation was accepted; this goes to who answers for it.
    InvitationAccepted {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// Whom he had invited.
        invitee: String,
    },
    /// An invitation was refused; this goes to who answers for it.
    InvitationRefused {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// Whom he had invited.
        invitee: String,
    },
    /// The product named is held by somebody of another name; this goes to who answers for the invitation.
    InvitationNameMismatch {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// Whom he had invited.
        invitee: String,
        /// The serial number of the product, masked.
        masked_serial: String,
    },
    /// Somebody asked to be let into a space; this goes to the administrators.
    JoinRequested {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// Who he is.
        asker: String,
    },
    /// An administrator let somebody in who had asked.
    JoinRequestApproved {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// What the mail's language calls the role.
        role: String,
    },
    /// An administrator let a company's own software in; this goes to the others.
    SystemUserApproved {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// What administrators call the software.
        software: String,
        /// Who let it in.
        administrator: String,
    },
    /// An administrator changed what it may do, with which keys or until when.
    SystemUserEdited {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// What administrators call the software.
        software: String,
        /// Who changed it.
        administrator: String,
    },
    /// An administrator lets it in again, and answers for it.
    SystemUserResumed {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// What administrators call the software.
        software: String,
        /// Who lets it in.
        administrator: String,
    },
    /// An administrator ended it.
    SystemUserEnded {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// What administrators call the software.
        software: String,
        /// Who ended it.
        administrator: String,
    },
    /// Something was done to a certification of a space; this goes to the administrators.
    CertificationChanged {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// What the mail's language calls the service.
        service: String,
        /// What was done, as the end of a sentence in the mail's language.
        change: String,
    },
    /// A certification of a space ends soon; this goes to the administrators.
    CertificationEndsSoon {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// What the mail's language calls the service.
        service: String,
        /// When.
        until: String,
    },
    /// An agent of a holder was certified, or gave up; this goes to the administrators of the holder's space.
    AgentChanged {
        /// What people call the holder's space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// What the mail's language calls the service.
        service: String,
        /// What people call the agent's space.
        agent: String,
        /// What became of it, as the end of a sentence in the mail's language.
        change: String,
    },
    /// Wrong security codes locked a code for an agent; this goes to the administrators of the holder's space.
    AccessCodeLocked {
        /// What people call the holder's space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// What the mail's language calls the service.
        service: String,
    },
    /// An administration is done with a procedure of a space; this goes to the members.
    ProcedureClosed {
        /// What people call the space.
        identifier: String,
        /// What its members call it; nothing for a private one.
        title: String,
        /// What the mail's language calls the type of procedure.
        procedure: String,
    },
    /// An administration answered a discrepancy that was reported in a record; this goes to who reported it.
    DiscrepancyAnswered {
        /// What people call the space.
        identifier: String,
        /// What its members call it; nothing for a private one.
        title: String,
        /// What the mail's language calls the source.
        source: String,
    },
    /// The Helpdesk is about to appoint an administrator; this goes to the members.
    RecoveryOpened {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// Who is to be appointed.
        appointee: String,
        /// From when on the Helpdesk can confirm it.
        from: String,
    },
    /// The same to the administrators who are said to be unable to act, and can stop it.
    RecoveryNamesYou {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// Who is to be appointed.
        appointee: String,
        /// From when on the Helpdesk can confirm it.
        from: String,
    },
    /// The Helpdesk appointed an administrator.
    RecoveryConfirmed {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
        /// Who was appointed.
        appointee: String,
    },
    /// The Helpdesk appoints nobody after all.
    RecoveryCalledOff {
        /// What people call the space.
        identifier: String,
        /// What its members call it.
        title: String,
    },
    /// A closed space is purged soon.
    SpacePurgeSoon {
        /// The space's identifier.
        identifier: String,
        /// Until when it can be restored.
        until: String,
    },
}

/// The templates of a mail, `templates/mail/{name}.{language}.txt`: the first line is the subject, the text comes after an
/// empty one. A file that is missing does not compile.
macro_rules! templates {
    ($name:literal) => {
        Text {
            fr: include_str!(concat!("../../templates/mail/", $name, ".fr.txt")),
            de: include_str!(concat!("../../templates/mail/", $name, ".de.txt")),
            en: include_str!(concat!("../../templates/mail/", $name, ".en.txt")),
            lb: include_str!(concat!("../../templates/mail/", $name, ".lb.txt")),
        }
    };
}

impl Mail {
    fn templates(&self) -> Text {
        match self {
            Self::Confirmation { .. } => templates!("confirmation"),
            Self::EmailChanged => templates!("email_changed"),
            Self::ProductAdded { .. } => templates!("product_added"),
            Self::SpaceLimitChanged { .. } => templates!("space_limit_changed"),
            Self::LimitRequestRefused { .. } => templates!("limit_request_refused"),
            Self::SpaceSuspended { .. } => templates!("space_suspended"),
            Self::SpaceResumed { .. } => templates!("space_resumed"),
            Self::ProductWithdrawn { .. } => templates!("product_withdrawn"),
            Self::SpaceClosed { .. } => templates!("space_closed"),
            Self::SpaceRestored { .. } => templates!("space_restored"),
            Self::MemberRoleChanged { .. } => templates!("member_role_changed"),
            Self::MemberSuspended { .. } => templates!("member_suspended"),
            Self::MemberResumed { .. } => templates!("member_resumed"),
            Self::MemberRemoved { .. } => templates!("member_removed"),
            Self::MemberLeft { .. } => templates!("member_left"),
            Self::Invitation { .. } => templates!("invitation"),
            Self::InvitationReminder { .. } => templates!("invitation_reminder"),
            Self::InvitationCancelled { .. } => templates!("invitation_cancelled"),
            Self::InvitationAccepted { .. } => templates!("invitation_accepted"),
            Self::InvitationRefused { .. } => templates!("invitation_refused"),
            Self::InvitationNameMismatch { .. } => templates!("invitation_name_mismatch"),
            Self::JoinRequested { .. } => templates!("join_requested"),
            Self::JoinRequestApproved { .. } => templates!("join_request_approved"),
            Self::SystemUserApproved { .. } => templates!("system_user_approved"),
            Self::SystemUserEdited { .. } => templates!("system_user_edited"),
            Self::SystemUserResumed { .. } => templates!("system_user_resumed"),
            Self::SystemUserEnded { .. } => templates!("system_user_ended"),
            Self::CertificationChanged { .. } => templates!("certification_changed"),
            Self::CertificationEndsSoon { .. } => templates!("certification_ends_soon"),
            Self::AgentChanged { .. } => templates!("agent_changed"),
            Self::AccessCodeLocked { .. } => templates!("access_code_locked"),
            Self::ProcedureClosed { .. } => templates!("procedure_closed"),
            Self::DiscrepancyAnswered { .. } => templates!("discrepancy_answered"),
            Self::RecoveryOpened { .. } => templates!("recovery_opened"),
            Self::RecoveryNamesYou { .. } => templates!("recovery_names_you"),
            Self::RecoveryConfirmed { .. } => templates!("recovery_confirmed"),
            Self::RecoveryCalledOff { .. } => templates!("recovery_called_off"),
            Self::SpacePurgeSoon { .. } => templates!("space_purge_soon"),
        }
    }

    fn code(&self) -> Option<&str> {
        match self {
            Self::Confirmation { code } => Some(code),
            _ => None,
        }
    }
}

/// A mail with its address, as it waits in the outbox: sealed, for it may hold a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    to: String,
    language: String,
    mail: Mail,
}

/// A letter as its receiver reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    to: String,
    subject: String,
    text: String,
    code: Option<String>,
}

/// Why a letter did not go out. The reason is logged and kept, so it names no person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// It may go out later.
    ForNow(String),
    /// It will not go out as it is.
    ForGood(String),
}

const SEALED_FOR: &str = "mail";

impl Letter {
    /// Addresses a mail that nobody may turn off; what somebody may, goes out by [`tell`].
    pub fn new(to: &EmailAddress, language: Language, mail: Mail) -> Self {
        debug_assert!(mail.notice().is_none(), "its receiver may have turned it off");
        Self::addressed(to, language, mail)
    }

    fn addressed(to: &EmailAddress, language: Language, mail: Mail) -> Self {
        Self { to: to.to_string(), language: language.code().to_owned(), mail }
    }

    /// As it is put into the outbox.
    pub fn seal(&self, keys: &DataKeys) -> String {
        keys.seal(SEALED_FOR, &serde_json::to_string(self).unwrap_or_default())
    }

    /// Takes a letter out of its message.
    ///
    /// # Errors
    /// No key of this process opens it; another's may.
    pub fn open(keys: &DataKeys, message: &Message) -> Result<Self, Undelivered> {
        let opened = keys.open(SEALED_FOR, &message.sealed).and_then(|text| serde_json::from_str(&text).ok());
        opened.ok_or_else(|| Undelivered::ForNow("no data key opens this message".into()))
    }

    /// Writes it in its language.
    ///
    /// # Errors
    /// The template is wrong, or wants a variable that the mail does not have.
    pub fn write(&self) -> Result<Written, Undelivered> {
        let language = Language::from_code(&self.language).unwrap_or(Language::Fr);
        let template = self.mail.templates().in_language(language);
        // Parted before anything is filled in, so that no value reaches from the subject into the text.
        let (subject, text) = template.split_once("\n\n").unwrap_or((template, ""));
        Ok(Written {
            to: self.to.clone(),
            subject: self.fill_in(subject)?,
            // A template ends without its last line's end.
            text: self.fill_in(text)? + "\n",
            code: self.mail.code().map(str::to_owned),
        })
    }

    fn fill_in(&self, template: &str) -> Result<String, Undelivered> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        // Its text may quote a value; its kind doesn't.
        environment
            .render_str(template, Serde(&self.mail))
            .map_err(|error| Undelivered::ForGood(format!("the template is wrong: {:?}", error.kind())))
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;

    /// One of each.
    fn samples() -> Vec<Mail> {
        vec![
            Mail::Confirmation { code: "123456".into() },
            Mail::EmailChanged,
            Mail::ProductAdded { masked_serial: "…0011".into() },
            Mail::ProductWithdrawn { masked_serial: "…0011".into() },
            Mail::SpaceLimitChanged { masked_serial: "…0011".into(), limit: 201 },
            Mail::LimitRequestRefused { masked_serial: "…0011".into() },
            Mail::SpaceSuspended { identifier: "PM-A1B2C3".into() },
            Mail::SpaceResumed { identifier: "PM-A1B2C3".into() },
            Mail::SpaceClosed { identifier: "PM-A1B2C3".into(), until: "14.02.2027 08:00 UTC".into() },
            Mail::SpaceRestored { identifier: "PM-A1B2C3".into() },
            Mail::SpacePurgeSoon { identifier: "PM-A1B2C3".into(), until: "14.02.2027 08:00 UTC".into() },
            Mail::MemberRoleChanged {
                identifier: "PM-A1B2C3".into(),
                title: "Boulangerie".into(),
                role: "manager".into(),
            },
            Mail::MemberSuspended { identifier: "PM-A1B2C3".into(), title: "Boulangerie".into() },
            Mail::MemberResumed { identifier: "PM-A1B2C3".into(), title: "Boulangerie".into() },
            Mail::MemberRemoved { identifier: "PM-A1B2C3".into(), title: "Boulangerie".into() },
            Mail::MemberLeft {
                identifier: "PM-A1B2C3".into(),
                title: "Boulangerie".into(),
                member: "Anna Weber".into(),
            },
            Mail::JoinRequested {
                identifier: "PM-A1B2C3".into(),
                title: "Boulangerie".into(),
                asker: "Anna Weber".into(),
            },
            Mail::ProcedureClosed {
                identifier: "PM-A1B2C3".into(),
                title: "Boulangerie".into(),
                procedure: "Immatriculation à la TVA".into(),
            },
            Mail::DiscrepancyAnswered {
                identifier: "PM-A1B2C3".into(),
                title: "Boulangerie".into(),
                source: "Solde du compte TVA".into(),
            },
            Mail::RecoveryOpened {
                identifier: "PM-A1B2C3".into(),
                title: "Boulangerie".into(),
                appointee: "Anna Weber".into(),
                from: "14.02.2027 08:00 UTC".into(),
            },
            Mail::RecoveryNamesYou {
                identifier: "PM-A1B2C3".into(),
                title: "Boulangerie".into(),
                appointee: "Anna Weber".into(),
                from: "14.02.2027 08:00 UTC".into(),
            },
            Mail::RecoveryConfirmed {
                identifier: "PM-A1B2C3".into(),
                title: "Boulangerie".into(),
                appointee: "Anna Weber".into(),
            },
            Mail::RecoveryCalledOff { identifier: "PM-A1B2C3".into(), title: "Boulangerie".into() },
            Mail::JoinRequestApproved {
                identifier: "PM-A1B2C3".into(),
                title: "Boulangerie".into(),
                role: "manager".into(),
            },
        ]
    }

    /// One of each that is about a company's own software.
    fn of_system_users() -> [Mail; 4] {
        let words = || ["PM-A1B2C3", "Boulangerie", "Payroll", "Anna Weber"].map(str::to_owned);
        let [identifier, title, software, administrator] = words();
        let approved = Mail::SystemUserApproved { identifier, title, software, administrator };
        let [identifier, title, software, administrator] = words();
        let edited = Mail::SystemUserEdited { identifier, title, software, administrator };
        let [identifier, title, software, administrator] = words();
        let resumed = Mail::SystemUserResumed { identifier, title, software, administrator };
        let [identifier, title, software, administrator] = words();
        [approved, edited, resumed, Mail::SystemUserEnded { identifier, title, software, administrator }]
    }

    /// One of each that is about a certification.
    fn of_certifications() -> [Mail; 4] {
        let words = || ["PM-A1B2C3", "Boulangerie", "Fiches d'impôt"].map(str::to_owned);
        let [identifier, title, service] = words();
        let locked = Mail::AccessCodeLocked { identifier, title, service };
        let [identifier, title, service] = words();
        let changed = Mail::CertificationChanged { identifier, title, service, change: "a été accordée".to_owned() };
        let [identifier, title, service] = words();
        let until = "14.02.2027 08:00 UTC".to_owned();
        let ends = Mail::CertificationEndsSoon { identifier, title, service, until };
        let [identifier, title, service] = words();
        let (agent, change) = ("PM-Z9Y8X7".to_owned(), "est désormais certifié".to_owned());
        [changed, ends, locked, Mail::AgentChanged { identifier, title, service, agent, change }]
    }

    /// One of each that is about an invitation.
    fn invitations() -> Vec<Mail> {
        let (identifier, title): (String, String) = ("PM-A1B2C3".into(), "Boulangerie".into());
        let (invitee, masked_serial, until): (String, String, String) =
            ("Marc Schmit".into(), "…0021".into(), "14.02.2027 08:00 UTC".into());
        vec![
            Mail::Invitation {
                identifier: identifier.clone(),
                title: title.clone(),
                inviter: "Anna Weber".into(),
                role: "manager".into(),
                masked_serial: masked_serial.clone(),
                until: until.clone(),
            },
            Mail::InvitationReminder {
                identifier: identifier.clone(),
                title: title.clone(),
                masked_serial: masked_serial.clone(),
                until,
            },
            Mail::InvitationCancelled { identifier: identifier.clone(), title: title.clone() },
            Mail::InvitationAccepted { identifier: identifier.clone(), title: title.clone(), invitee: invitee.clone() },
            Mail::InvitationRefused { identifier: identifier.clone(), title: title.clone(), invitee: invitee.clone() },
            Mail::InvitationNameMismatch { identifier, title, invitee, masked_serial },
        ]
    }

    #[test]
    fn what_looks_like_a_template_or_a_header_stays_what_it_is() {
        let to = EmailAddress::parse("anna@example.lu").unwrap();
        let (title, invitee) = ("{{ identifier }} {% if %}".to_owned(), "a\r\nBcc: b@example.lu".to_owned());
        let mail = Mail::InvitationRefused { identifier: "PM-A1B2C3".into(), title: title.clone(), invitee };
        for &language in Language::ALL {
            let written = Letter::addressed(&to, language, mail.clone()).write().unwrap();
            assert!(written.text.contains(&title), "{}", written.text);
            assert!(!written.subject.contains(['\r', '\n']) && !written.subject.contains("Bcc"), "{}", written.subject);
        }
    }

    #[test]
    fn every_mail_is_written_in_every_language_with_all_that_it_holds() {
        let to = EmailAddress::parse("anna@example.lu").unwrap();
        for mail in samples().into_iter().chain(invitations()).chain(of_system_users()).chain(of_certifications()) {
            let mut written = BTreeSet::new();
            for &language in Language::ALL {
                let letter = Letter::addressed(&to, language, mail.clone()).write().unwrap();
                let whole = format!("{}\n\n{}", letter.subject, letter.text);
                assert!(!letter.subject.is_empty() && !letter.subject.contains('\n'), "{whole}");
                assert!(letter.text.ends_with(".\n"), "{whole}");
                for (name, value) in serde_json::to_value(&mail).unwrap().as_object().unwrap() {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    let is_there = name == "about" || whole.contains(&value);
                    assert!(is_there, "{name} is not in {whole}");
                }
                written.insert(letter.subject);
            }
            assert_eq!(written.len(), Language::ALL.len(), "{written:?}");
        }
    }

    #[test]
    fn every_template_is_of_a_mail_that_is_sampled_here() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/mail");
        let files: BTreeSet<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let about = |mail: &Mail| serde_json::to_value(mail).unwrap()["about"].as_str().unwrap().to_owned();
        let (samples, invitations) = (samples(), invitations());
        let (of_system_users, of_certifications) = (of_system_users(), of_certifications());
        let all = samples.iter().chain(&invitations).chain(&of_system_users).chain(&of_certifications);
        let names = all.map(about).collect::<Vec<_>>();
        let expected =
            names.iter().flat_map(|name| Language::ALL.iter().map(move |of| format!("{name}.{}.txt", of.code())));
        assert_eq!(files, expected.collect());
    }

    #[test]
    fn a_variable_that_the_mail_lacks_is_an_error_that_shows_no_value() {
        let to = EmailAddress::parse("anna@example.lu").unwrap();
        let letter = Letter::addressed(&to, Language::Fr, samples()[0].clone());
        let Err(Undelivered::ForGood(told)) = letter.fill_in("{{ code }} {{ cod }}") else { panic!("it was written") };
        assert!(!told.contains("123456"), "{told}");
    }
}
