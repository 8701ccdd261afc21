//! Which operation goes on with what another answered (`links` of OpenAPI): tools follow them as a client would.

use serde_json::{Value, json};
use utoipa::openapi::{RefOr, link::LinkBuilder, path::Operation};

/// From an answer's status of one operation to another one.
struct Step {
    from: (&'static str, &'static str),
    to: &'static str,
    /// Where in the answer parameters are.
    parameters: &'static [(&'static str, &'static str)],
    /// Where in the answer fields of the body are.
    body: &'static [(&'static str, &'static str)],
}

const ID: &[(&str, &str)] = &[("id", "$response.body#/id")];
const FIRST: &[(&str, &str)] = &[("id", "$response.body#/data/0/id")];

const AFTER: &[(&str, &str)] = &[("after", "$response.body#/page/next")];

const MEMBER: &[(&str, &str)] = &[("id", "$response.body#/spaceId"), ("memberId", "$response.body#/id")];
const FIRST_MEMBER: &[(&str, &str)] =
    &[("id", "$response.body#/data/0/spaceId"), ("memberId", "$response.body#/data/0/id")];

const INVITATION: &[(&str, &str)] = &[("id", "$response.body#/spaceId"), ("invitationId", "$response.body#/id")];
const FIRST_JOIN_REQUEST: &[(&str, &str)] =
    &[("id", "$response.body#/data/0/spaceId"), ("requestId", "$response.body#/data/0/id")];

const SYSTEM_USER: &[(&str, &str)] = &[("id", "$response.body#/spaceId"), ("systemUserId", "$response.body#/id")];
const FIRST_SYSTEM_USER: &[(&str, &str)] =
    &[("id", "$response.body#/data/0/spaceId"), ("systemUserId", "$response.body#/data/0/id")];

const PROCEDURE: &[(&str, &str)] = &[("id", "$response.body#/spaceId"), ("procedureId", "$response.body#/id")];
/// What is attached to a procedure.
const ATTACHMENT: &[(&str, &str)] =
    &[("id", "$request.path.id"), ("procedureId", "$request.path.procedureId"), ("attachmentId", "$response.body#/id")];
const SEEN: &[(&str, &str)] = &[("digest", "$response.body#/digest")];

const FIRST_RECORD: &[(&str, &str)] = &[
    ("id", "$response.body#/data/0/spaceId"),
    ("code", "$response.body#/data/0/source"),
    ("recordId", "$response.body#/data/0/id"),
];

const FIRST_VERSION: &[(&str, &str)] = &[("recordVersion", "$response.body#/data/0/version")];

const CERTIFICATION: &[(&str, &str)] = &[("id", "$response.body#/spaceId"), ("certificationId", "$response.body#/id")];
const FIRST_CERTIFICATION: &[(&str, &str)] =
    &[("id", "$response.body#/data/0/spaceId"), ("certificationId", "$response.body#/data/0/id")];

const STEPS: &[Step] = &[
    Step { from: ("listSourceRecords", "200"), to: "getSourceRecord", parameters: FIRST_RECORD, body: &[] },
    Step { from: ("listSourceRecords", "200"), to: "verifyRecord", parameters: FIRST_RECORD, body: FIRST_VERSION },
    Step { from: ("listSourceRecords", "200"), to: "listVerifications", parameters: FIRST_RECORD, body: &[] },
    Step { from: ("listPartnerVerifications", "200"), to: "getPartnerVerification", parameters: FIRST, body: &[] },
    Step { from: ("listPartnerVerifications", "200"), to: "answerDiscrepancy", parameters: FIRST, body: &[] },
    Step {
        from: ("assertSandboxPerson", "200"),
        to: "register",
        parameters: &[],
        body: &[("assertion", "$response.body#/idToken")],
    },
    Step {
        from: ("assertSandboxPerson", "200"),
        to: "getToken",
        parameters: &[],
        body: &[("subject_token", "$response.body#/idToken")],
    },
    Step {
        from: ("assertSandboxPerson", "200"),
        to: "addAuthenticationProduct",
        parameters: &[],
        body: &[("assertion", "$response.body#/idToken")],
    },
    Step {
        from: ("register", "201"),
        to: "listSandboxMails",
        parameters: &[("to", "$response.body#/email")],
        body: &[],
    },
    Step {
        from: ("listSandboxMails", "200"),
        to: "confirmRegistration",
        parameters: &[],
        body: &[("code", "$response.body#/data/0/code")],
    },
    Step { from: ("register", "201"), to: "getRegistration", parameters: ID, body: &[] },
    Step { from: ("register", "201"), to: "confirmRegistration", parameters: ID, body: &[] },
    Step { from: ("register", "201"), to: "resendRegistrationCode", parameters: ID, body: &[] },
    Step {
        from: ("getToken", "200"),
        to: "revokeToken",
        parameters: &[],
        body: &[("token", "$response.body#/refresh_token")],
    },
    Step {
        from: ("getTerms", "200"),
        to: "acceptTerms",
        parameters: &[],
        body: &[("version", "$response.body#/version")],
    },
    Step { from: ("listSessions", "200"), to: "endSession", parameters: FIRST, body: &[] },
    Step { from: ("listAuthenticationProducts", "200"), to: "getAuthenticationProduct", parameters: FIRST, body: &[] },
    Step { from: ("listAuthenticationProducts", "200"), to: "requestLimit", parameters: FIRST, body: &[] },
    Step { from: ("listAuthenticationProducts", "200"), to: "listLimitRequests", parameters: FIRST, body: &[] },
    Step { from: ("listSpaces", "200"), to: "getSpace", parameters: FIRST, body: &[] },
    Step { from: ("openSpace", "201"), to: "getSpace", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "editSpace", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "closeSpace", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "restoreSpace", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "getCompanyProfile", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "replaceCompanyProfile", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "listSpaceAuditEvents", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "confirmNotificationEmail", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "resendNotificationEmailCode", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "getPermissions", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "listMembers", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "leaveSpace", parameters: ID, body: &[] },
    Step { from: ("listMembers", "200"), to: "getMember", parameters: FIRST_MEMBER, body: &[] },
    Step { from: ("listMembers", "200"), to: "editMember", parameters: FIRST_MEMBER, body: &[] },
    Step { from: ("listMembers", "200"), to: "removeMember", parameters: FIRST_MEMBER, body: &[] },
    Step { from: ("listMembers", "200"), to: "suspendMember", parameters: FIRST_MEMBER, body: &[] },
    Step { from: ("suspendMember", "200"), to: "resumeMember", parameters: MEMBER, body: &[] },
    Step { from: ("openSpace", "201"), to: "listInvitations", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "invite", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "inviteMany", parameters: ID, body: &[] },
    Step { from: ("invite", "201"), to: "getInvitation", parameters: INVITATION, body: &[] },
    Step { from: ("invite", "201"), to: "resendInvitation", parameters: INVITATION, body: &[] },
    Step { from: ("invite", "201"), to: "cancelInvitation", parameters: INVITATION, body: &[] },
    Step { from: ("listReceivedInvitations", "200"), to: "getReceivedInvitation", parameters: FIRST, body: &[] },
    Step { from: ("listReceivedInvitations", "200"), to: "acceptInvitation", parameters: FIRST, body: &[] },
    Step { from: ("listReceivedInvitations", "200"), to: "refuseInvitation", parameters: FIRST, body: &[] },
    Step {
        from: ("openSpace", "201"),
        to: "askToJoin",
        parameters: &[],
        body: &[("spaceIdentifier", "$response.body#/identifier")],
    },
    Step { from: ("openSpace", "201"), to: "listJoinRequests", parameters: ID, body: &[] },
    Step { from: ("askToJoin", "201"), to: "getOwnJoinRequest", parameters: ID, body: &[] },
    Step { from: ("askToJoin", "201"), to: "cancelJoinRequest", parameters: ID, body: &[] },
    Step { from: ("listJoinRequests", "200"), to: "approveJoinRequest", parameters: FIRST_JOIN_REQUEST, body: &[] },
    Step { from: ("listJoinRequests", "200"), to: "refuseJoinRequest", parameters: FIRST_JOIN_REQUEST, body: &[] },
    Step {
        from: ("listSandboxPartners", "200"),
        to: "assertSandboxPartner",
        parameters: &[],
        body: &[("partner", "$response.body#/data/0/id")],
    },
    Step {
        from: ("assertSandboxPartner", "200"),
        to: "getToken",
        parameters: &[],
        body: &[("client_assertion", "$response.body#/clientAssertion")],
    },
    Step { from: ("listPartnerEvents", "200"), to: "listPartnerEvents", parameters: AFTER, body: &[] },
    Step { from: ("listPartnerCertifications", "200"), to: "getPartnerCertification", parameters: FIRST, body: &[] },
    Step { from: ("getPartnerCertification", "200"), to: "takeUpCertification", parameters: ID, body: &[] },
    Step { from: ("getPartnerCertification", "200"), to: "grantCertification", parameters: ID, body: &[] },
    Step { from: ("getPartnerCertification", "200"), to: "refuseCertification", parameters: ID, body: &[] },
    Step { from: ("grantCertification", "200"), to: "suspendCertification", parameters: ID, body: &[] },
    Step { from: ("grantCertification", "200"), to: "revokeCertification", parameters: ID, body: &[] },
    Step { from: ("suspendCertification", "200"), to: "resumeCertification", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "listSystemUsers", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "approveSystemUser", parameters: ID, body: &[] },
    Step { from: ("approveSystemUser", "201"), to: "getSystemUser", parameters: SYSTEM_USER, body: &[] },
    Step { from: ("approveSystemUser", "201"), to: "editSystemUser", parameters: SYSTEM_USER, body: &[] },
    Step { from: ("approveSystemUser", "201"), to: "suspendSystemUser", parameters: SYSTEM_USER, body: &[] },
    Step { from: ("suspendSystemUser", "200"), to: "resumeSystemUser", parameters: SYSTEM_USER, body: &[] },
    Step { from: ("listSystemUsers", "200"), to: "getSystemUser", parameters: FIRST_SYSTEM_USER, body: &[] },
    Step { from: ("getSystemUser", "200"), to: "endSystemUser", parameters: SYSTEM_USER, body: &[] },
    Step {
        from: ("listCertifiableServices", "200"),
        to: "getCertifiableService",
        parameters: &[("code", "$response.body#/data/0/code")],
        body: &[],
    },
    Step {
        from: ("listProcedureTypes", "200"),
        to: "getProcedureType",
        parameters: &[("code", "$response.body#/data/0/code")],
        body: &[],
    },
    Step { from: ("openSpace", "201"), to: "listSpaceProcedureTypes", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "beginProcedure", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "listProcedures", parameters: ID, body: &[] },
    Step { from: ("beginProcedure", "201"), to: "getProcedure", parameters: PROCEDURE, body: &[] },
    Step { from: ("beginProcedure", "201"), to: "editProcedure", parameters: PROCEDURE, body: &[] },
    Step { from: ("beginProcedure", "201"), to: "checkProcedure", parameters: PROCEDURE, body: &[] },
    Step { from: ("beginProcedure", "201"), to: "getProcedureTimeline", parameters: PROCEDURE, body: &[] },
    Step { from: ("beginProcedure", "201"), to: "assignProcedure", parameters: PROCEDURE, body: &[] },
    Step { from: ("assignProcedure", "200"), to: "unassignProcedure", parameters: PROCEDURE, body: &[] },
    Step { from: ("beginProcedure", "201"), to: "attachFile", parameters: PROCEDURE, body: &[] },
    Step { from: ("attachFile", "201"), to: "getAttachment", parameters: ATTACHMENT, body: &[] },
    Step { from: ("attachFile", "201"), to: "detachFile", parameters: ATTACHMENT, body: &[] },
    Step { from: ("getProcedure", "200"), to: "signProcedure", parameters: PROCEDURE, body: SEEN },
    Step { from: ("signProcedure", "200"), to: "sendProcedure", parameters: PROCEDURE, body: SEEN },
    Step { from: ("sendProcedure", "200"), to: "getTransmissionSlip", parameters: PROCEDURE, body: &[] },
    Step {
        from: ("getTransmissionSlip", "200"),
        to: "verifySending",
        parameters: &[("code", "$response.body#/verificationCode")],
        body: &[],
    },
    Step { from: ("sendProcedure", "200"), to: "withdrawProcedure", parameters: PROCEDURE, body: &[] },
    Step { from: ("getProcedure", "200"), to: "binProcedure", parameters: PROCEDURE, body: &[] },
    Step {
        from: ("listProcedures", "200"),
        to: "restoreProcedure",
        parameters: &[("id", "$response.body#/data/0/spaceId"), ("procedureId", "$response.body#/data/0/id")],
        body: &[],
    },
    Step { from: ("openSpace", "201"), to: "listCertifications", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "requestCertification", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "listLegalPersons", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "activateAccessCode", parameters: ID, body: &[] },
    Step { from: ("activateAccessCode", "200"), to: "listAgentAccessCodes", parameters: CERTIFICATION, body: &[] },
    Step { from: ("activateAccessCode", "200"), to: "issueAgentAccessCode", parameters: CERTIFICATION, body: &[] },
    Step { from: ("activateAccessCode", "200"), to: "listAgents", parameters: CERTIFICATION, body: &[] },
    Step {
        from: ("issueAgentAccessCode", "201"),
        to: "activateAccessCode",
        parameters: &[],
        body: &[("accessCode", "$response.body#/accessCode")],
    },
    Step {
        from: ("issueAgentAccessCode", "201"),
        to: "withdrawAgentAccessCode",
        parameters: &[("codeId", "$response.body#/id")],
        body: &[],
    },
    Step {
        from: ("listAgents", "200"),
        to: "endAgent",
        parameters: &[("agentId", "$response.body#/data/0/id")],
        body: &[],
    },
    Step { from: ("issueAccessCode", "201"), to: "getAccessCode", parameters: ID, body: &[] },
    Step { from: ("issueAccessCode", "201"), to: "withdrawAccessCode", parameters: ID, body: &[] },
    Step { from: ("listAccessCodes", "200"), to: "getAccessCode", parameters: FIRST, body: &[] },
    Step { from: ("requestCertification", "201"), to: "getCertification", parameters: CERTIFICATION, body: &[] },
    Step { from: ("getCertification", "200"), to: "withdrawCertification", parameters: CERTIFICATION, body: &[] },
    Step { from: ("listCertifications", "200"), to: "getCertification", parameters: FIRST_CERTIFICATION, body: &[] },
    Step { from: ("listPartnerProcedures", "200"), to: "getPartnerProcedure", parameters: FIRST, body: &[] },
    Step {
        from: ("getPartnerProcedure", "200"),
        to: "getPartnerAttachment",
        parameters: &[("id", "$response.body#/id"), ("attachmentId", "$response.body#/attachments/0/id")],
        body: &[],
    },
    Step { from: ("getPartnerProcedure", "200"), to: "receiveProcedure", parameters: ID, body: &[] },
    Step { from: ("receiveProcedure", "200"), to: "startProcedure", parameters: ID, body: &[] },
    Step { from: ("startProcedure", "200"), to: "closeProcedure", parameters: ID, body: &[] },
    Step { from: ("openSpace", "201"), to: "suspendSpace", parameters: ID, body: &[] },
    Step {
        from: ("openSpace", "201"),
        to: "setCurrentSpace",
        parameters: &[],
        body: &[("spaceId", "$response.body#/id")],
    },
    Step {
        from: ("openSpace", "201"),
        to: "findSpace",
        parameters: &[],
        body: &[("identifier", "$response.body#/identifier")],
    },
    Step { from: ("closeSpace", "200"), to: "restoreSpace", parameters: ID, body: &[] },
    Step { from: ("suspendSpace", "200"), to: "resumeSpace", parameters: ID, body: &[] },
    Step { from: ("listHelpdeskLimitRequests", "200"), to: "getHelpdeskLimitRequest", parameters: FIRST, body: &[] },
    Step { from: ("listHelpdeskLimitRequests", "200"), to: "grantLimitRequest", parameters: FIRST, body: &[] },
    Step { from: ("listHelpdeskLimitRequests", "200"), to: "refuseLimitRequest", parameters: FIRST, body: &[] },
    Step {
        from: ("openSpace", "201"),
        to: "openRecovery",
        parameters: &[],
        body: &[("spaceId", "$response.body#/id")],
    },
    Step { from: ("openRecovery", "201"), to: "getRecovery", parameters: ID, body: &[] },
    Step { from: ("openRecovery", "201"), to: "confirmRecovery", parameters: ID, body: &[] },
    Step { from: ("openRecovery", "201"), to: "withdrawRecovery", parameters: ID, body: &[] },
    Step { from: ("listRecoveries", "200"), to: "getRecovery", parameters: FIRST, body: &[] },
    Step { from: ("listOwnRecoveries", "200"), to: "stopRecovery", parameters: FIRST, body: &[] },
    Step { from: ("findProduct", "200"), to: "setProductLimit", parameters: FIRST, body: &[] },
];

/// Adds to an operation the steps that go on from it to one that is there.
pub fn add(operation: &mut Operation, is_there: impl Fn(&str) -> bool) {
    let id = operation.operation_id.clone().unwrap_or_default();
    for step in STEPS.iter().filter(|step| step.from.0 == id && is_there(step.to)) {
        let Some(RefOr::T(response)) = operation.responses.responses.get_mut(step.from.1) else { continue };
        let link = LinkBuilder::new().operation_id(step.to);
        let link = step.parameters.iter().fold(link, |link, (name, place)| link.parameter(*name, json!(place)));
        let body = step.body.iter().map(|(name, place)| ((*name).to_owned(), json!(place))).collect();
        let body = (!step.body.is_empty()).then_some(Value::Object(body));
        response.links.insert(step.to.to_owned(), link.request_body(body).build().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http::strength::Levels, openapi::contract};

    #[test]
    fn every_step_begins_and_ends_in_the_contract() {
        let contract = serde_json::to_value(contract(true, &Levels::default())).unwrap();
        let operations =
            contract["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
        let operations: Vec<&Value> = operations.collect();
        let named = |id: &str| operations.iter().find(|operation| operation["operationId"] == id);
        for Step { from, to, .. } in STEPS {
            assert!(named(to).is_some(), "{to} is not in the contract");
            let link = named(from.0).map(|operation| &operation["responses"][from.1]["links"][to]["operationId"]);
            assert_eq!(link, Some(&json!(to)), "{from:?}");
        }
    }
}
