//! How strong and how fresh a login each operation wants (domain.md §1, C): the one table, and what an operator changes of it.

use std::collections::{BTreeMap, HashMap};

use crate::openapi::wants_login;
use actix_web::http::Method;
use chrono::TimeDelta;
use domain::{
    Coded,
    identity::{Assurance, Strength},
};
use serde_json::{Value, json};
use utoipa::openapi::{OpenApi, extensions::ExtensionsBuilder, path::Operation};

const LOW: Strength = Strength::of(Assurance::Low);
const SUBSTANTIAL: Strength = Strength::of(Assurance::Substantial);
const FRESH: Strength = Strength::FRESH;

/// Every operation that wants a login, by its id in the contract.
const OPERATIONS: &[(&str, Strength)] = &[
    ("acceptTerms", LOW),
    ("getMe", LOW),
    ("editMe", SUBSTANTIAL),
    ("getNotificationPreferences", LOW),
    ("editNotificationPreferences", SUBSTANTIAL),
    ("confirmEmail", SUBSTANTIAL),
    ("resendEmailCode", SUBSTANTIAL),
    ("getLanding", LOW),
    ("setCurrentSpace", LOW),
    ("clearCurrentSpace", LOW),
    ("listAuthenticationProducts", LOW),
    ("addAuthenticationProduct", SUBSTANTIAL),
    ("getAuthenticationProduct", LOW),
    ("withdrawAuthenticationProduct", Strength::FRESH),
    ("listSessions", LOW),
    ("endSession", LOW),
    ("listAuditEvents", LOW),
    ("openSpace", LOW),
    ("listSpaces", LOW),
    ("getSpace", LOW),
    ("editSpace", SUBSTANTIAL),
    ("confirmNotificationEmail", SUBSTANTIAL),
    ("resendNotificationEmailCode", SUBSTANTIAL),
    ("closeSpace", FRESH),
    ("restoreSpace", SUBSTANTIAL),
    ("getCompanyProfile", LOW),
    ("replaceCompanyProfile", SUBSTANTIAL),
    ("listSpaceAuditEvents", SUBSTANTIAL),
    ("listRoles", LOW),
    ("getPermissions", LOW),
    ("listMembers", SUBSTANTIAL),
    ("getMember", SUBSTANTIAL),
    ("editMember", SUBSTANTIAL),
    ("removeMember", SUBSTANTIAL),
    ("suspendMember", SUBSTANTIAL),
    ("resumeMember", SUBSTANTIAL),
    ("leaveSpace", SUBSTANTIAL),
    ("listInvitations", SUBSTANTIAL),
    ("invite", SUBSTANTIAL),
    ("inviteMany", SUBSTANTIAL),
    ("getInvitation", SUBSTANTIAL),
    ("resendInvitation", SUBSTANTIAL),
    ("cancelInvitation", SUBSTANTIAL),
    ("listReceivedInvitations", LOW),
    ("getReceivedInvitation", LOW),
    ("acceptInvitation", LOW),
    ("refuseInvitation", LOW),
    ("askToJoin", LOW),
    ("listOwnJoinRequests", LOW),
    ("getOwnJoinRequest", LOW),
    ("cancelJoinRequest", LOW),
    ("listJoinRequests", SUBSTANTIAL),
    ("approveJoinRequest", SUBSTANTIAL),
    ("refuseJoinRequest", SUBSTANTIAL),
    ("listSystemUsers", LOW),
    ("approveSystemUser", SUBSTANTIAL),
    ("getSystemUser", LOW),
    ("editSystemUser", SUBSTANTIAL),
    ("endSystemUser", SUBSTANTIAL),
    ("suspendSystemUser", SUBSTANTIAL),
    ("resumeSystemUser", SUBSTANTIAL),
    ("listCertifiableServices", LOW),
    ("getCertifiableService", LOW),
    ("listProcedureTypes", LOW),
    ("getProcedureType", LOW),
    ("listSpaceProcedureTypes", LOW),
    ("listProcedures", SUBSTANTIAL),
    ("beginProcedure", SUBSTANTIAL),
    ("getProcedure", SUBSTANTIAL),
    ("editProcedure", SUBSTANTIAL),
    ("binProcedure", SUBSTANTIAL),
    ("checkProcedure", SUBSTANTIAL),
    ("restoreProcedure", SUBSTANTIAL),
    ("assignProcedure", SUBSTANTIAL),
    ("unassignProcedure", SUBSTANTIAL),
    ("attachFile", SUBSTANTIAL),
    ("getAttachment", SUBSTANTIAL),
    ("detachFile", SUBSTANTIAL),
    ("signProcedure", SUBSTANTIAL),
    ("sendProcedure", SUBSTANTIAL),
    ("withdrawProcedure", SUBSTANTIAL),
    ("getTransmissionSlip", SUBSTANTIAL),
    ("getProcedureTimeline", SUBSTANTIAL),
    ("listAuthenticSources", SUBSTANTIAL),
    ("getAuthenticSource", SUBSTANTIAL),
    ("listSourceRecords", SUBSTANTIAL),
    ("getSourceRecord", SUBSTANTIAL),
    ("listVerifications", SUBSTANTIAL),
    ("verifyRecord", SUBSTANTIAL),
    ("listCertifications", SUBSTANTIAL),
    ("requestCertification", SUBSTANTIAL),
    ("getCertification", SUBSTANTIAL),
    ("withdrawCertification", SUBSTANTIAL),
    ("listLegalPersons", SUBSTANTIAL),
    ("activateAccessCode", SUBSTANTIAL),
    ("listAgentAccessCodes", SUBSTANTIAL),
    ("issueAgentAccessCode", SUBSTANTIAL),
    ("withdrawAgentAccessCode", SUBSTANTIAL),
    ("listAgents", SUBSTANTIAL),
    ("endAgent", SUBSTANTIAL),
    ("listOwnRecoveries", LOW),
    ("stopRecovery", SUBSTANTIAL),
    ("requestLimit", LOW),
    ("listLimitRequests", LOW),
    ("getLimitRequest", LOW),
];

/// Those that want this as well where they are turned against an administrator: he is demoted, or removed.
const AGAINST_ADMINISTRATORS: &[(&str, Strength)] = &[("editMember", FRESH), ("removeMember", FRESH)];
/// What stands behind an operation's id where that is meant.
const AGAINST_ADMINISTRATOR: &str = ".administrator";

/// Those of the Helpdesk, which never want less (domain.md §8).
const OF_HELPDESK: &[&str] = &[
    "findProduct",
    "findSpace",
    "setProductLimit",
    "listHelpdeskLimitRequests",
    "getHelpdeskLimitRequest",
    "grantLimitRequest",
    "refuseLimitRequest",
    "suspendSpace",
    "resumeSpace",
    "openRecovery",
    "listRecoveries",
    "getRecovery",
    "confirmRecovery",
    "withdrawRecovery",
];

/// What an operation wants of the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// In any case.
    pub always: Strength,
    /// As well, where it is turned against an administrator.
    pub against_administrators: Option<Strength>,
}

/// What each operation wants here, by its id in the contract; behind the id, `.administrator` for what some want as well.
#[derive(Debug, Clone)]
pub struct Levels(BTreeMap<String, Strength>);

impl Default for Levels {
    fn default() -> Self {
        let of_helpdesk = OF_HELPDESK.iter().map(|id| (*id, SUBSTANTIAL));
        let plain = OPERATIONS.iter().copied().chain(of_helpdesk).map(|(id, strength)| (id.to_owned(), strength));
        let against =
            AGAINST_ADMINISTRATORS.iter().map(|(id, strength)| (format!("{id}{AGAINST_ADMINISTRATOR}"), *strength));
        Self(plain.chain(against).collect())
    }
}

impl Levels {
    /// Reads what an operator changes: `operationId=level` or `operationId=level/seconds`, with commas; the id may be
    /// followed by `.administrator`.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut levels = Self::default();
        for entry in text.split(',').map(str::trim) {
            let (id, strength) = entry.split_once('=').ok_or(format!("{entry:?} is not written operationId=level"))?;
            let strength = parse_strength(strength)
                .ok_or(format!("{strength:?} is no level (low, substantial, high), nor level/seconds"))?;
            let known = levels.0.get_mut(id).ok_or(format!("no operation that wants a login is called {id:?}"))?;
            if OF_HELPDESK.contains(&id) && strength.level < Assurance::Substantial {
                return Err(format!("{id:?} is of the Helpdesk, and wants substantial at least"));
            }
            *known = strength;
        }
        Ok(levels)
    }

    /// What an operation wants in any case.
    pub fn always(&self, operation_id: &str) -> Option<Strength> {
        self.0.get(operation_id).copied()
    }

    fn of(&self, operation: &Operation) -> Option<Wanted> {
        let id = operation.operation_id.as_deref()?;
        let against_administrators = self.always(&format!("{id}{AGAINST_ADMINISTRATOR}"));
        self.always(id).map(|always| Wanted { always, against_administrators })
    }

    /// Says in the contract what an operation wants, as `x-login`.
    pub fn describe(&self, operation: &mut Operation) {
        let Some(wanted) = self.of(operation) else { return };
        let mut login = described(wanted.always);
        if let Some(more) = wanted.against_administrators {
            login["againstAdministrator"] = described(more);
        }
        let extension = ExtensionsBuilder::new().add("x-login", login).build();
        operation.extensions.get_or_insert_default().merge(extension);
    }

    /// Whether any login does.
    pub fn is_low(&self, operation: &Operation) -> bool {
        self.of(operation).is_none_or(|wanted| wanted.always == LOW)
    }
}

fn described(Strength { level, max_age }: Strength) -> Value {
    match max_age {
        Some(max_age) => json!({ "level": level.code(), "maxAge": max_age.num_seconds() }),
        None => json!({ "level": level.code() }),
    }
}

fn parse_strength(text: &str) -> Option<Strength> {
    let (level, seconds) = text.split_once('/').map_or((text, None), |(level, seconds)| (level, Some(seconds)));
    let max_age = match seconds {
        Some(seconds) => Some(TimeDelta::seconds(seconds.parse::<u32>().ok()?.into())),
        None => None,
    };
    Some(Strength { level: Assurance::from_code(level)?, max_age })
}

/// What each route wants, by its template and method.
#[derive(Debug)]
pub struct Strengths(HashMap<String, Vec<(Method, Wanted)>>);

impl Strengths {
    /// Reads them from the contract.
    ///
    /// # Errors
    /// An operation that wants a login is not in the table.
    pub fn of(contract: &OpenApi, levels: &Levels) -> Result<Self, String> {
        let mut strengths: HashMap<String, Vec<_>> = HashMap::new();
        for (template, path) in &contract.paths.paths {
            let operations = [
                (Method::GET, &path.get),
                (Method::POST, &path.post),
                (Method::PUT, &path.put),
                (Method::PATCH, &path.patch),
                (Method::DELETE, &path.delete),
            ];
            for (method, operation) in operations {
                let Some(operation) = operation.as_ref().filter(|operation| wants_login(operation)) else {
                    continue;
                };
                let wanted = levels.of(operation).ok_or_else(|| {
                    format!("say in http/strength.rs how strong a login {:?} wants", operation.operation_id)
                })?;
                strengths.entry(template.clone()).or_default().push((method, wanted));
            }
        }
        Ok(Self(strengths))
    }

    /// What a route wants, if the contract says that it wants a login.
    pub fn wanted(&self, template: &str, method: &Method) -> Option<Wanted> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let of_path = self.0.get(template)?;
        of_path.iter().find(|(known, _)| known == method).map(|(_, wanted)| *wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::contract;

    #[test]
    fn every_operation_with_a_token_has_a_level_and_every_level_an_operation() {
        let levels = Levels::default();
        let strengths = Strengths::of(&contract(true, &levels), &levels).unwrap();
        assert_eq!(strengths.0.values().map(Vec::len).sum::<usize>(), OPERATIONS.len() + OF_HELPDESK.len());
    }

    #[test]
    fn an_operation_without_a_level_is_told() {
        let levels = Levels(BTreeMap::new());
        let told = Strengths::of(&contract(true, &levels), &levels).unwrap_err();
        assert!(told.starts_with("say in http/strength.rs"), "{told}");
    }

    #[test]
    fn an_operator_changes_single_operations() {
        let levels =
            Levels::parse("openSpace=substantial, editSpace=high/60, removeMember.administrator=high").unwrap();
        assert_eq!(levels.0["removeMember.administrator"], Strength::of(Assurance::High));
        assert_eq!((levels.0["removeMember"], levels.0["editMember.administrator"]), (SUBSTANTIAL, FRESH));
        assert_eq!(levels.0["openSpace"], SUBSTANTIAL);
        assert_eq!(levels.0["editSpace"], Strength { level: Assurance::High, max_age: Some(TimeDelta::minutes(1)) });
        assert_eq!(levels.0["getSpace"], LOW);
        for wrong in [
            "",
            "openSpace",
            "openSpace=strong",
            "openSpace=low/",
            "openSpace=low/-1",
            "fly=low",
            "findSpace=low",
            "editSpace.administrator=low",
        ] {
            assert!(Levels::parse(wrong).is_err(), "{wrong}");
        }
    }
}
