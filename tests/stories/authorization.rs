//! Who may do what, measured against the contract: an operation that is not in this table fails.

use api::http::strength::Levels;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, EMPLOYER, Key, PNG, Reply, Scratch, World, professional, text};

/// Whom an operation serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Serves {
    /// Anybody.
    Anybody,
    /// Anybody who knows the id of what he began.
    WhoBeganIt,
    /// A person who is logged in, about himself.
    Person,
    /// A member of the space in the path.
    Member,
    /// A member of the space in the path who may draft there, or sign; another story tells of each role.
    Drafter,
    /// An administrator of the space in the path.
    Administrator,
    /// An agent of the Helpdesk, about what is not his own.
    Helpdesk,
    /// An administration's back end, about what is its administration's.
    Partner,
}

/// Every operation of the contract, by its id.
const OPERATIONS: &[(&str, Serves)] = &[
    ("getLiveness", Serves::Anybody),
    ("getReadiness", Serves::Anybody),
    ("getJwks", Serves::Anybody),
    ("getServerMetadata", Serves::Anybody),
    ("register", Serves::Anybody),
    ("getRegistration", Serves::WhoBeganIt),
    ("confirmRegistration", Serves::WhoBeganIt),
    ("resendRegistrationCode", Serves::WhoBeganIt),
    ("getToken", Serves::Anybody),
    ("revokeToken", Serves::Anybody),
    ("getTerms", Serves::Anybody),
    ("acceptTerms", Serves::Person),
    ("getMe", Serves::Person),
    ("editMe", Serves::Person),
    ("getNotificationPreferences", Serves::Person),
    ("editNotificationPreferences", Serves::Person),
    ("confirmEmail", Serves::Person),
    ("resendEmailCode", Serves::Person),
    ("getLanding", Serves::Person),
    ("setCurrentSpace", Serves::Person),
    ("clearCurrentSpace", Serves::Person),
    ("listAuthenticationProducts", Serves::Person),
    ("addAuthenticationProduct", Serves::Person),
    ("getAuthenticationProduct", Serves::Person),
    ("withdrawAuthenticationProduct", Serves::Person),
    ("listSessions", Serves::Person),
    ("endSession", Serves::Person),
    ("listAuditEvents", Serves::Person),
    ("openSpace", Serves::Person),
    ("listSpaces", Serves::Person),
    ("getSpace", Serves::Member),
    ("editSpace", Serves::Administrator),
    ("confirmNotificationEmail", Serves::Administrator),
    ("resendNotificationEmailCode", Serves::Administrator),
    ("closeSpace", Serves::Administrator),
    ("restoreSpace", Serves::Administrator),
    ("getCompanyProfile", Serves::Member),
    ("replaceCompanyProfile", Serves::Administrator),
    ("listSpaceAuditEvents", Serves::Administrator),
    ("listRoles", Serves::Person),
    ("getPermissions", Serves::Member),
    ("listMembers", Serves::Member),
    ("getMember", Serves::Member),
    ("editMember", Serves::Administrator),
    ("removeMember", Serves::Administrator),
    ("suspendMember", Serves::Administrator),
    ("resumeMember", Serves::Administrator),
    ("leaveSpace", Serves::Member),
    ("listInvitations", Serves::Administrator),
    ("invite", Serves::Administrator),
    ("inviteMany", Serves::Administrator),
    ("getInvitation", Serves::Administrator),
    ("resendInvitation", Serves::Administrator),
    ("cancelInvitation", Serves::Administrator),
    ("listReceivedInvitations", Serves::Person),
    ("getReceivedInvitation", Serves::Person),
    ("acceptInvitation", Serves::Person),
    ("refuseInvitation", Serves::Person),
    ("askToJoin", Serves::Person),
    ("listOwnJoinRequests", Serves::Person),
    ("getOwnJoinRequest", Serves::Person),
    ("cancelJoinRequest", Serves::Person),
    ("listJoinRequests", Serves::Administrator),
    ("approveJoinRequest", Serves::Administrator),
    ("refuseJoinRequest", Serves::Administrator),
    ("listSystemUsers", Serves::Administrator),
    ("approveSystemUser", Serves::Administrator),
    ("getSystemUser", Serves::Administrator),
    ("editSystemUser", Serves::Administrator),
    ("endSystemUser", Serves::Administrator),
    ("suspendSystemUser", Serves::Administrator),
    ("resumeSystemUser", Serves::Administrator),
    ("listCertifiableServices", Serves::Person),
    ("getCertifiableService", Serves::Person),
    ("listProcedureTypes", Serves::Person),
    ("getProcedureType", Serves::Person),
    ("listSpaceProcedureTypes", Serves::Member),
    ("listProcedures", Serves::Member),
    ("beginProcedure", Serves::Drafter),
    ("getProcedure", Serves::Member),
    ("editProcedure", Serves::Drafter),
    ("binProcedure", Serves::Drafter),
    ("checkProcedure", Serves::Drafter),
    ("restoreProcedure", Serves::Drafter),
    ("assignProcedure", Serves::Drafter),
    ("unassignProcedure", Serves::Drafter),
    ("attachFile", Serves::Drafter),
    ("getAttachment", Serves::Drafter),
    ("detachFile", Serves::Drafter),
    ("signProcedure", Serves::Drafter),
    ("sendProcedure", Serves::Drafter),
    ("withdrawProcedure", Serves::Drafter),
    ("getTransmissionSlip", Serves::Drafter),
    ("verifySending", Serves::Anybody),
    ("getProcedureTimeline", Serves::Member),
    ("listAuthenticSources", Serves::Member),
    ("getAuthenticSource", Serves::Member),
    ("listSourceRecords", Serves::Member),
    ("getSourceRecord", Serves::Member),
    ("listVerifications", Serves::Member),
    ("verifyRecord", Serves::Drafter),
    ("listCertifications", Serves::Member),
    ("requestCertification", Serves::Administrator),
    ("getCertification", Serves::Member),
    ("withdrawCertification", Serves::Administrator),
    ("listLegalPersons", Serves::Member),
    ("activateAccessCode", Serves::Administrator),
    ("listAgentAccessCodes", Serves::Administrator),
    ("issueAgentAccessCode", Serves::Administrator),
    ("withdrawAgentAccessCode", Serves::Administrator),
    ("listAgents", Serves::Member),
    ("endAgent", Serves::Administrator),
    ("listAccessCodes", Serves::Partner),
    ("issueAccessCode", Serves::Partner),
    ("getAccessCode", Serves::Partner),
    ("withdrawAccessCode", Serves::Partner),
    ("listPartnerCertifications", Serves::Partner),
    ("getPartnerCertification", Serves::Partner),
    ("takeUpCertification", Serves::Partner),
    ("grantCertification", Serves::Partner),
    ("refuseCertification", Serves::Partner),
    ("suspendCertification", Serves::Partner),
    ("resumeCertification", Serves::Partner),
    ("revokeCertification", Serves::Partner),
    ("listPartnerProcedures", Serves::Partner),
    ("getPartnerProcedure", Serves::Partner),
    ("getPartnerAttachment", Serves::Partner),
    ("receiveProcedure", Serves::Partner),
    ("startProcedure", Serves::Partner),
    ("closeProcedure", Serves::Partner),
    ("pushSourceRecords", Serves::Partner),
    ("listPartnerVerifications", Serves::Partner),
    ("getPartnerVerification", Serves::Partner),
    ("answerDiscrepancy", Serves::Partner),
    ("listOwnRecoveries", Serves::Person),
    ("stopRecovery", Serves::Person),
    ("requestLimit", Serves::Person),
    ("listLimitRequests", Serves::Person),
    ("getLimitRequest", Serves::Person),
    ("findProduct", Serves::Helpdesk),
    ("setProductLimit", Serves::Helpdesk),
    ("listHelpdeskLimitRequests", Serves::Helpdesk),
    ("getHelpdeskLimitRequest", Serves::Helpdesk),
    ("grantLimitRequest", Serves::Helpdesk),
    ("refuseLimitRequest", Serves::Helpdesk),
    ("findSpace", Serves::Helpdesk),
    ("suspendSpace", Serves::Helpdesk),
    ("resumeSpace", Serves::Helpdesk),
    ("openRecovery", Serves::Helpdesk),
    ("listRecoveries", Serves::Helpdesk),
    ("getRecovery", Serves::Helpdesk),
    ("confirmRecovery", Serves::Helpdesk),
    ("withdrawRecovery", Serves::Helpdesk),
    ("getPartnerClient", Serves::Partner),
    ("listPartnerEvents", Serves::Partner),
    ("listSandboxPartners", Serves::Anybody),
    ("assertSandboxPartner", Serves::Anybody),
    ("listSandboxPersons", Serves::Anybody),
    ("addSandboxPerson", Serves::Anybody),
    ("assertSandboxPerson", Serves::Anybody),
    ("listSandboxMails", Serves::Anybody),
];

/// Those of them that serve a company's own software too, with the right `read`.
const ALSO_SOFTWARE: &[&str] = &["getSpace", "getCompanyProfile", "getPermissions"];

struct Operation {
    id: String,
    method: String,
    path: String,
    is_secured: bool,
    /// Whether the contract says that it serves software.
    serves_software: bool,
    /// The scope that the contract says that it wants of a partner.
    scope: Option<String>,
    /// `x-login`: how strong a login it wants.
    login: Value,
    /// What must stand in its query, as the contract's examples have it.
    query: String,
    body: Option<(String, Value)>,
}

fn operations() -> Vec<Operation> {
    let contract = serde_json::to_value(api::openapi::contract(true, &Levels::default())).expect("a document");
    let paths = contract["paths"].as_object().expect("paths");
    let mut found = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("an item") {
            let body = operation["requestBody"]["content"].as_object().and_then(|content| content.iter().next()).map(
                |(media_type, body)| {
                    let schema = body["schema"]["$ref"].as_str().expect("a named schema").trim_start_matches('#');
                    (media_type.clone(), contract.pointer(schema).expect("the schema")["example"].clone())
                },
            );
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let wanted = parameters.filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
            let query: Vec<_> = wanted.map(|wanted| (text(&wanted["name"]), text(&wanted["example"]))).collect();
            found.push(Operation {
                id: operation["operationId"].as_str().expect("an id").to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                is_secured: operation["security"] != json!([]),
                serves_software: operation["security"]
                    .as_array()
                    .is_some_and(|schemes| schemes.contains(&json!({ "systemUser": [] }))),
                scope: operation["security"][0]["partner"][0].as_str().map(str::to_owned),
                login: operation["x-login"].clone(),
                query: serde_urlencoded::to_string(query).expect("a query"),
                body,
            });
        }
    }
    found
}

fn serves(operation: &Operation) -> Serves {
    let known = OPERATIONS.iter().find(|(id, _)| *id == operation.id);
    known.unwrap_or_else(|| panic!("say in OPERATIONS whom {} serves", operation.id)).1
}

impl Serves {
    /// Whether it is about the space in the path, and closed to all but its members.
    fn is_in_a_space(self) -> bool {
        matches!(self, Self::Member | Self::Drafter | Self::Administrator)
    }
}

impl Operation {
    /// Whether it is for persons who are logged in, or for them too.
    fn wants_login(&self) -> bool {
        self.is_secured && serves(self) != Serves::Partner
    }

    /// Sends the contract's own example as this actor, with this id in the path.
    fn ask(&self, actor: &Actor, id: &str) -> Reply {
        self.ask_about(actor, id, NOBODYS)
    }

    /// The same where the path goes on to this member of the space, or to this invitation, request, system user, certification or
    /// procedure, and, behind a slash, to what hangs on that.
    fn ask_about(&self, actor: &Actor, id: &str, part: &str) -> Reply {
        let path = self.path.replace("{id}", id).replace("{requestId}", part);
        let path = path.replace("{memberId}", part).replace("{invitationId}", part).replace("{systemUserId}", part);
        let (holder, hanging) = part.split_once('/').unwrap_or((part, NOBODYS));
        let path = path.replace("{certificationId}", holder).replace("{procedureId}", holder);
        let path = path.replace("{codeId}", hanging).replace("{agentId}", hanging).replace("{attachmentId}", hanging);
        let code = match &self.path {
            path if path.starts_with("/v1/procedure-types") => "aed.vat-registration",
            path if path.contains("/authentic-sources") => EMPLOYER,
            _ => "alva.food-establishments",
        };
        let path = path.replace("{code}", code).replace("{recordId}", part);
        let (media_type, body) = self.body.clone().unwrap_or(("application/json".to_owned(), Value::Null));
        let bytes = match &body {
            Value::Null => vec![],
            Value::String(file) if !media_type.ends_with("json") => file.clone().into_bytes(),
            body => body.to_string().into_bytes(),
        };
        let path = if self.query.is_empty() { path } else { format!("{path}?{}", self.query) };
        actor.send(&self.method, &path, &[("content-type", &media_type), ("if-match", "*")], bytes)
    }
}

impl Operation {
    /// The id of what the path goes on to: an invitation of somebody to the owner's space, software that is in it, or else this
    /// member of it.
    fn part(&self, owner: &Actor, space: &str, member: &str) -> String {
        if self.path.contains("{systemUserId}") {
            return owner.approve(&format!("/v1/spaces/{space}"), &["read"], Key::strange()).id;
        }
        if self.path.contains("{procedureId}") {
            let space = format!("/v1/spaces/{space}");
            let procedure = text(&owner.begin_procedure(&space, "aed.vat-registration")["id"]);
            if !self.path.contains("{attachmentId}") {
                return procedure;
            }
            let path = format!("{space}/procedures/{procedure}");
            let attached = owner.attach(&path, "identity-document", "carte.png", PNG).expect(201);
            return format!("{procedure}/{}", text(&attached["id"]));
        }
        if self.path.contains("{recordId}") {
            let record = owner.sourced(&format!("/v1/spaces/{space}"));
            return record.rsplit('/').next().expect("an id").to_owned();
        }
        if self.path.contains("{certificationId}") {
            let space = format!("/v1/spaces/{space}");
            let holder = owner.certified(&space, "aed.vat-account");
            let hanging = match self.path.split('/').find(|part| ["{codeId}", "{agentId}"].contains(part)) {
                Some("{codeId}") => owner.hand_out(&space, &holder)["id"].clone(),
                Some(_) => {
                    let fiduciary = Actor::newcomer(&owner.logged_out(), &["eid"]);
                    fiduciary.accept_terms();
                    fiduciary.become_agent(&owner.hand_out(&space, &holder)["accessCode"])["id"].clone()
                }
                None => return holder,
            };
            return format!("{holder}/{}", text(&hanging));
        }
        if self.path.contains("{requestId}") {
            let newcomer = Actor::newcomer(&owner.logged_out(), &["eid"]);
            newcomer.accept_terms();
            return ask_to_join(owner, &format!("/v1/spaces/{space}"), &newcomer);
        }
        if !self.path.contains("{invitationId}") {
            return member.to_owned();
        }
        text(&owner.invite(space, &invitee_of(owner), "reader").expect(201)["id"])
    }

    /// The id of a thing that is the actor's, of the kind that the path is about.
    fn thing(&self, actor: &Actor, space: &str) -> String {
        let of_current = |list: &str| {
            let things = actor.get(list).expect(200)["data"].as_array().expect("a list").clone();
            text(&things.iter().find(|thing| thing["isCurrent"] == true).expect("the current one")["id"])
        };
        match self.path.split("/{id}").next().filter(|_| self.path.contains("{id}")) {
            None | Some("/v1/spaces") => space.to_owned(),
            Some("/v1/me/join-requests") => {
                let asked = actor.post("/v1/join-requests", &json!({ "spaceIdentifier": "PM-A1B2C3" })).json;
                let open = asked.get("joinRequest").or(asked.get("id"));
                text(open.expect("a request that is open, or was"))
            }
            Some("/v1/me/recoveries") => recovery(actor, space, actor),
            Some(list @ ("/v1/me/sessions" | "/v1/me/authentication-products")) => of_current(list),
            Some("/v1/me/invitations") => {
                let host = Actor::newcomer(&actor.logged_out(), &["eid"]);
                host.accept_terms();
                text(
                    &host.invite(&host.open_space("Boulangerie").header("location"), actor, "reader").expect(201)["id"],
                )
            }
            Some(other) => panic!("say how to find a thing of the actor's in {other}"),
        }
    }

    /// The id of a thing of this person's, as the act of an agent wants it.
    fn thing_for_the_helpdesk(&self, person: &Actor, agent: &Actor) -> String {
        let product = text(&person.current_product()["id"]);
        match self.path.split("/{id}").next().filter(|_| self.path.contains("{id}")) {
            None | Some("/v1/helpdesk/products") => product,
            Some("/v1/helpdesk/limit-requests") => {
                let wish = json!({ "limit": 201, "reason": "A new branch" });
                let path = format!("/v1/me/authentication-products/{product}/limit-requests");
                text(&person.post(&path, &wish).expect(201)["id"])
            }
            Some("/v1/helpdesk/spaces") => {
                let space = text(&person.open_space("Boulangerie").expect(201)["id"]);
                if self.id == "resumeSpace" {
                    let suspend = format!("/v1/helpdesk/spaces/{space}/suspend");
                    agent.post(&suspend, &json!({ "reason": "A letter" })).expect(200);
                }
                space
            }
            Some("/v1/helpdesk/recoveries") => {
                let space = text(&person.open_space("Boulangerie").expect(201)["id"]);
                let mut anybody = person.clone();
                anybody.token = None;
                let appointee = Actor::newcomer(&anybody, &["eid"]);
                recovery(person, &space, &appointee)
            }
            Some(other) => panic!("say how to find a thing for the Helpdesk in {other}"),
        }
    }

    /// The challenge of RFC 9470, in the header and in the problem.
    fn expect_challenge(&self, reply: &Reply) {
        self.expect_challenge_for(&self.login, reply);
    }

    fn expect_challenge_for(&self, login: &Value, reply: &Reply) {
        let problem = reply.expect_problem(401, "insufficient_user_authentication");
        assert_eq!(
            (&problem["acrValues"], problem.get("maxAge")),
            (&login["level"], login.get("maxAge")),
            "{}",
            self.id
        );
        let max_age = login.get("maxAge").map(|seconds| format!(r#", max_age="{seconds}""#)).unwrap_or_default();
        let level = &login["level"];
        let challenge = format!(r#"Bearer error="insufficient_user_authentication", acr_values={level}{max_age}"#);
        assert_eq!(reply.header("www-authenticate"), challenge);
    }
}

const NOBODYS: &str = "019d6c3e-8c00-7000-8000-000000000000";

#[test]
fn every_operation_is_known_and_says_whether_it_wants_a_token() {
    for operation in operations() {
        let wants_token = !matches!(serves(&operation), Serves::Anybody | Serves::WhoBeganIt);
        assert_eq!(operation.is_secured, wants_token, "the contract of {}", operation.id);
    }
    let known: Vec<String> = operations().into_iter().map(|operation| operation.id).collect();
    for (id, _) in OPERATIONS {
        assert!(known.iter().any(|known| known == id), "{id} is not in the contract any more");
    }
}

#[test]
fn without_a_token_nothing_that_wants_one_is_answered() {
    let world = World::start(Database::Sqlite);
    for operation in operations() {
        let reply = operation.ask(&world.anonymous(), NOBODYS);
        match serves(&operation) {
            Serves::Anybody => assert_ne!(reply.status, 401, "{}", operation.id),
            Serves::WhoBeganIt => drop(reply.expect_problem(404, "not_found")),
            Serves::Person
            | Serves::Member
            | Serves::Drafter
            | Serves::Administrator
            | Serves::Helpdesk
            | Serves::Partner => {
                reply.expect_problem(401, "token_invalid");
                assert!(reply.header("www-authenticate").starts_with("Bearer"), "{}", operation.id);
            }
        }
    }
}

crate::on_both_databases!(
    a_stranger_gets_what_a_random_id_gets,
    each_role_may_what_the_table_says,
    what_belongs_to_nobody_is_not_found,
    software_may_what_the_contract_says_in_its_own_space,
    a_login_too_weak_or_too_old_is_told_which_one_would_do,
    the_helpdesk_is_closed_to_persons_and_open_to_agents,
    partners_may_what_the_contract_says_and_nothing_of_persons,
);

/// What is told to who may, where only the contract's example keeps it from being done.
const ONLY_BY_EXAMPLE: &[&str] = &[
    "access_code_invalid",
    "assignee_may_not_draft",
    "code_wrong",
    "digest_changed",
    "invitation_resend_too_soon",
    "procedure_state",
    "signature_missing",
];

fn a_stranger_gets_what_a_random_id_gets(world: &World) {
    let (owner, stranger, colleague) = (world.founder(), world.founder(), world.person());
    for operation in operations().iter().filter(|operation| serves(operation).is_in_a_space()) {
        // Some are about the code of an address that waits for it.
        let awaits = operation.path.contains("/notification-email/");
        let wish = if awaits { professional("Boulangerie") } else { owner.own_professional("Boulangerie") };
        let id = &text(&owner.post("/v1/spaces", &wish).expect(201)["id"]);
        let path = format!("/v1/spaces/{id}");
        // Another administrator, so that each may be removed, or leave.
        let colleagues = owner.admit(&path, &colleague, "administrator");
        let member = colleagues.rsplit('/').next().expect("an id");
        let member = &operation.part(&owner, id, member);
        match operation.id.as_str() {
            "restoreSpace" => drop(owner.post(&format!("{path}/close"), &json!({})).expect(200)),
            "resumeSystemUser" => {
                drop(owner.post(&format!("{path}/system-users/{member}/suspend"), &json!({})).expect(200));
            }
            "restoreProcedure" => {
                let procedure = format!("{path}/procedures/{member}");
                drop(owner.send("DELETE", &procedure, &[("if-match", "*")], vec![]).expect(204));
            }
            "listSourceRecords" => drop(owner.certified(&path, EMPLOYER)),
            "listLegalPersons" => drop(owner.certified(&path, "alva.food-establishments")),
            "resumeMember" => drop(owner.post(&format!("{colleagues}/suspend"), &json!({})).expect(200)),
            _ => {}
        }
        let before = owner.get(&path).expect(200);
        let of_theirs = operation.ask_about(&stranger, id, member);
        let of_nobodys = operation.ask_about(&stranger, NOBODYS, member);
        assert_eq!(comparable(&of_theirs), comparable(&of_nobodys), "{}", operation.id);
        of_theirs.expect_problem(404, "not_found");
        assert_eq!(owner.get(&path).expect(200), before, "{} as a stranger", operation.id);
        let of_ones_own = operation.ask_about(&owner, id, member);
        // The contract's example is hardly the code that was sent, a member, or a digest, and what was mailed is not mailed
        // again at once.
        let is_reached = [200, 201, 204].contains(&of_ones_own.status)
            || ONLY_BY_EXAMPLE.contains(&of_ones_own.json["code"].as_str().unwrap_or_default());
        assert!(is_reached, "{} as its administrator: {}", operation.id, of_ones_own.text);
    }
    assert_eq!(stranger.get("/v1/spaces").expect(200)["data"], json!([]));
}

/// What an administrator may do, the story above tells of each operation.
fn each_role_may_what_the_table_says(world: &World) {
    let owner = world.founder();
    let opened = owner.open_space("Boulangerie");
    let (path, id) = (opened.header("location"), text(&opened.json["id"]));
    let admit = |role: &str| {
        let member = world.person();
        let address = owner.admit(&path, &member, role);
        (member, address)
    };
    let [manager, contributor, reader] = ["manager", "contributor", "reader"].map(|role| admit(role).0);
    let [suspended, ended, removed, demoted] = [(); 4].map(|()| admit("administrator"));
    owner.post(&format!("{}/suspend", suspended.1), &json!({})).expect(200);
    let until = json!({ "endsAt": world.now() + TimeDelta::minutes(1) });
    owner.patch(&ended.1, "*", &until).expect(200);
    owner.send("DELETE", &removed.1, &[("if-match", "*")], vec![]).expect(204);
    owner.patch(&demoted.1, "*", &json!({ "role": "reader" })).expect(200);
    world.wait(TimeDelta::minutes(1));
    let member = demoted.1.rsplit('/').next().expect("an id");
    let invited = text(&owner.invite(&id, &invitee_of(&owner), "reader").expect(201)["id"]);
    let awaited = world.person();
    owner.invite(&id, &awaited, "administrator").expect(201);
    let software = owner.approve(&path, &["read"], Key::strange()).id;
    let certification = owner.certified(&path, "alva.food-establishments");
    let procedure = text(&owner.begin_procedure(&path, "aed.vat-registration")["id"]);
    let record = owner.sourced(&path).rsplit('/').next().expect("an id").to_owned();
    let everything = || {
        let list = ["members", "invitations", "system-users", "certifications"]
            .map(|list| owner.get(&format!("{path}/{list}")).expect(200));
        let log = owner.get(&format!("{path}/audit-events")).expect(200);
        (owner.get(&path).expect(200), list, log)
    };
    let before = everything();
    // Who leaves is no member any more for what comes after.
    let in_a_space = operations().into_iter().filter(|operation| serves(operation).is_in_a_space());
    let in_a_space = in_a_space.filter(|operation| serves(operation) != Serves::Drafter);
    let (leaving, others): (Vec<_>, Vec<_>) = in_a_space.partition(|operation| operation.id == "leaveSpace");
    for operation in others.iter().chain(&leaving) {
        let member = match &operation.path {
            path if path.contains("{invitationId}") => &invited,
            path if path.contains("{systemUserId}") => &software,
            path if path.contains("{certificationId}") => &certification,
            path if path.contains("{procedureId}") => &procedure,
            path if path.contains("{recordId}") => &record,
            _ => member,
        };
        let ask = |actor: &Actor| operation.ask_about(actor, &id, member);
        ask(&world.anonymous()).expect_problem(401, "token_invalid");
        for nobody in [&suspended.0, &ended.0, &removed.0, &awaited, &world.person(), &world.agent()] {
            let of_nobodys = operation.ask_about(nobody, NOBODYS, member);
            assert_eq!(comparable(&ask(nobody)), comparable(&of_nobodys), "{}", operation.id);
            of_nobodys.expect_problem(404, "not_found");
        }
        if operation.id == "leaveSpace" {
            assert_eq!(everything(), before, "nothing was done");
        }
        for member in [&manager, &contributor, &reader, &demoted.0] {
            match serves(operation) {
                Serves::Member => drop(ask(member).expect(200)),
                _ => drop(ask(member).expect_problem(403, "administrator_required")),
            }
        }
    }
}

fn software_may_what_the_contract_says_in_its_own_space(world: &World) {
    let owner = world.founder();
    let opened = owner.open_space("Boulangerie");
    let (path, id) = (opened.header("location"), text(&opened.json["id"]));
    let others = text(&world.founder().open_space("Fiduciaire").expect(201)["id"]);
    let member = only_member(&owner, &id);
    let software = owner.approve(&path, &["read"], Key::strange());
    let ended = owner.approve(&path, &["read", "draft", "attach", "fetch_documents"], Key::es256());
    let (works, worked) = (software.log_in(), ended.log_in());
    owner.send("DELETE", &ended.path, &[("if-match", "*")], vec![]).expect(204);
    let log = || owner.get(&format!("{path}/audit-events")).expect(200);
    let before = log();
    for operation in operations().iter().filter(|operation| operation.is_secured) {
        let serves_software = ALSO_SOFTWARE.contains(&operation.id.as_str());
        assert_eq!(operation.serves_software, serves_software, "the contract of {}", operation.id);
        let part = if operation.path.contains("{systemUserId}") { &software.id } else { &member };
        operation.ask_about(&worked, &id, part).expect_problem(401, "token_invalid");
        let own = operation.ask_about(&works, &id, part);
        let of_others = [&others, NOBODYS].map(|id| operation.ask_about(&works, id, part));
        assert_eq!(comparable(&of_others[0]), comparable(&of_others[1]), "{}", operation.id);
        if serves(operation) == Serves::Partner {
            own.expect_problem(403, "partners_only");
            of_others[0].expect_problem(403, "partners_only");
        } else if serves_software {
            own.expect(200);
            of_others[0].expect_problem(404, "not_found");
        } else {
            own.expect_problem(403, "not_for_system_users");
            of_others[0].expect_problem(403, "not_for_system_users");
        }
    }
    assert_eq!(log(), before, "nothing was done");
}

fn a_login_too_weak_or_too_old_is_told_which_one_would_do(world: &World) {
    let (mut strong, agent) = (world.founder(), world.agent());
    let space = text(&strong.open_space("Boulangerie").expect(201)["id"]);
    let member = only_member(&strong, &space);

    let secured: Vec<Operation> = operations().into_iter().filter(Operation::wants_login).collect();
    for operation in &secured {
        let is_of_helpdesk = serves(operation) == Serves::Helpdesk;
        // Some of them end the session.
        let mut weak = if is_of_helpdesk { agent.clone() } else { strong.clone() };
        weak.log_in_at(0, "low").expect(200);
        let thing = if is_of_helpdesk {
            operation.thing_for_the_helpdesk(&world.founder(), &agent)
        } else {
            operation.thing(&weak, &space)
        };
        let reply = operation.ask_about(&weak, &thing, &operation.part(&strong, &space, &member));
        if operation.login["level"] == "low" {
            assert_ne!(reply.json["code"], "insufficient_user_authentication", "{}", operation.id);
        } else {
            operation.expect_challenge(&reply);
        }
    }
    world.wait(TimeDelta::minutes(16));
    strong.refresh().expect(200);
    for operation in secured.iter().filter(|operation| operation.login.get("maxAge").is_some()) {
        operation.expect_challenge(&operation.ask(&strong, &operation.thing(&strong, &space)));
    }
    for operation in &secured {
        // The one who would be demoted, or removed, is an administrator.
        if let Some(login) = operation.login.get("againstAdministrator") {
            operation.expect_challenge_for(login, &operation.ask_about(&strong, &space, &member));
        }
    }
    assert_eq!(strong.get(&format!("/v1/spaces/{space}")).expect(200)["title"], "Boulangerie", "nothing was done");
}

#[test]
fn what_an_operator_asks_of_an_operation_is_asked() {
    let secured: Vec<Operation> = operations().into_iter().filter(Operation::wants_login).collect();
    let levels: Vec<String> = secured.iter().map(|operation| format!("{}=high", operation.id)).collect();
    let mut scratch = Scratch::new(Database::Sqlite);
    scratch.set("ESPACE_PRO_LEVELS", &levels.join(","));
    let world = World::start_in(scratch);
    let high = |is_agent: bool| {
        let mut person = world.anonymous();
        person.become_test_person(&json!({ "products": ["eid"], "helpdesk": is_agent }));
        person.register_product(0).expect(200);
        person.log_in(0).expect(200);
        person.accept_terms();
        person
    };
    let (strong, agent) = (high(false), high(true));
    let space = text(&strong.open_space("Boulangerie").expect(201)["id"]);
    let member = only_member(&strong, &space);
    for operation in &secured {
        let is_of_helpdesk = serves(operation) == Serves::Helpdesk;
        let mut weak = if is_of_helpdesk { agent.clone() } else { strong.clone() };
        weak.log_in_at(0, "substantial").expect(200);
        let thing = if is_of_helpdesk {
            operation.thing_for_the_helpdesk(&high(false), &agent)
        } else {
            operation.thing(&strong, &space)
        };
        let part = operation.part(&strong, &space, &member);
        let challenge =
            operation.ask_about(&weak, &thing, &part).expect_problem(401, "insufficient_user_authentication");
        assert_eq!(challenge["acrValues"], "high", "{}", operation.id);
    }
}

fn partners_may_what_the_contract_says_and_nothing_of_persons(world: &World) {
    let owner = world.founder();
    let space = text(&owner.open_space("Boulangerie").expect(201)["id"]);
    let member = only_member(&owner, &space);
    let all = "read_certifications,decide_certifications,issue_access_codes,read_procedures,handle_procedures,push_records,answer_verifications,read_events";
    let (partner, suspended) = (world.partner("acd", all, Key::strange()), world.partner("acd", all, Key::es256()));
    let (works, worked) = (partner.log_in(), suspended.log_in());
    world.operate(&["partner", "suspend", &suspended.id]);
    let before = owner.get(&format!("/v1/spaces/{space}/audit-events")).expect(200);
    for operation in operations().iter().filter(|operation| operation.is_secured) {
        let ask = |actor: &Actor| operation.ask_about(actor, &space, &member);
        ask(&worked).expect_problem(401, "token_invalid");
        if serves(operation) != Serves::Partner {
            let of_others = operation.ask_about(&works, NOBODYS, &member);
            assert_eq!(comparable(&ask(&works)), comparable(&of_others), "{}", operation.id);
            of_others.expect_problem(403, "not_for_partners");
            continue;
        }
        for person in [&owner, &world.agent()] {
            ask(person).expect_problem(403, "partners_only");
        }
        assert!(![401, 403].contains(&ask(&works).status), "{}", operation.id);
        let Some(scope) = &operation.scope else {
            assert_eq!(operation.id, "getPartnerClient");
            continue;
        };
        let others: Vec<&str> = all.split(',').filter(|other| other != scope).collect();
        let without = partner.log_in_at(world.now().timestamp(), Some(&others.join(" ")));
        let refused = ask(&without);
        assert_eq!(refused.expect_problem(403, "scope_not_granted")["scope"], scope.as_str(), "{}", operation.id);
        let challenge = format!(r#"Bearer error="insufficient_scope", scope="{scope}""#);
        assert_eq!(refused.header("www-authenticate"), challenge);
    }
    assert_eq!(owner.get(&format!("/v1/spaces/{space}/audit-events")).expect(200), before, "nothing was done");
}

/// A new test person, whom nobody knows.
fn invitee_of(owner: &Actor) -> Actor {
    let mut invitee = owner.logged_out();
    invitee.become_test_person(&json!({ "products": ["eid"] }));
    invitee
}

/// The id of a newcomer's request to be let into an owner's space.
fn ask_to_join(owner: &Actor, space: &str, newcomer: &Actor) -> String {
    let identifier = owner.get(space).expect(200)["identifier"].clone();
    text(&newcomer.post("/v1/join-requests", &json!({ "spaceIdentifier": identifier })).expect(201)["id"])
}

/// The id of a recovery of a space with one member, by which somebody is to be appointed.
fn recovery(owner: &Actor, space: &str, appointee: &Actor) -> String {
    let member = owner.backstage().sql(&format!("SELECT id FROM memberships WHERE space_id = '{space}'"));
    owner.recovery(space, &member, &text(&appointee.current_product()["id"]))
}

/// The id of the one who opened a space.
fn only_member(owner: &Actor, space: &str) -> String {
    text(&owner.get(&format!("/v1/spaces/{space}/members")).expect(200)["data"][0]["id"])
}

/// An answer without what names the request: the rest must not tell a space of others from none.
fn comparable(reply: &Reply) -> (u16, Vec<String>, Value) {
    let mut body = reply.json.clone();
    for of_this_request in ["requestId", "instance"] {
        body.as_object_mut().expect("a problem").remove(of_this_request);
    }
    let mut headers: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
    // Whether the connection is closed after a file that nobody read depends on how much of it had come by then.
    headers.retain(|name| name != "connection");
    headers.sort();
    (reply.status, headers, body)
}

fn what_belongs_to_nobody_is_not_found(world: &World) {
    let (person, agent) = (world.founder(), world.agent());
    let is_for_persons = |operation: &Operation| serves(operation) != Serves::Partner;
    let with_ids = operations().into_iter().filter(|operation| operation.path.contains("{id}")).filter(is_for_persons);
    for operation in with_ids {
        let person = if serves(&operation) == Serves::Helpdesk { &agent } else { &person };
        for id in [NOBODYS, "not-an-id", "00000000-0000-0000-0000-000000000000", "019D6C3E-8C00-7000-8000-000000000000"]
        {
            operation.ask(person, id).expect_problem(404, "not_found");
        }
    }
}

fn the_helpdesk_is_closed_to_persons_and_open_to_agents(world: &World) {
    let agent = world.agent();
    for operation in operations().iter().filter(|operation| serves(operation) == Serves::Helpdesk) {
        let person = world.founder();
        let thing = operation.thing_for_the_helpdesk(&person, &agent);
        for id in [thing.as_str(), NOBODYS] {
            operation.ask(&person, id).expect_problem(403, "helpdesk_only");
        }
        let reply = operation.ask(&agent, &thing);
        if operation.id == "openRecovery" {
            // The contract's example is of a product that nobody has.
            reply.expect_problem(404, "not_found");
        } else {
            reply.expect(200);
        }
    }
}
