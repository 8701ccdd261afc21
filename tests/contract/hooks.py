"""What schemathesis can't read in the contract: who it is, and what is valid beyond its form.

Only what was generated as valid is touched; what was generated as invalid is sent as it is.
"""

import json
import os
import unicodedata
import uuid

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

from sandbox import JWKS, Sandbox, in_days

SANDBOX = Sandbox(os.environ["ESPACE_PRO_SERVER"])
# As whom it calls: anonymous, person, helpdesk, system-user or partner.
CALLER = os.environ["ESPACE_PRO_CALLER"]

# docs/domain.md §9: categories that no text holds, and letters that show nothing.
BARRED = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
INVISIBLE = "\u115f\u1160\u3164\uffa0"

# Fields whose values have check digits, are of a list that is not in the contract, or lie in the future.
CHECKED = {
    "vatNumber": "LU15027442",
    "iban": "LU280019400644750000",
    "bic": "BCEELULL",
    "country": "LU",
    "currency": "EUR",
    "financialYearEndsOn": "--12-31",
    "endsAt": "2099-12-31T23:59:59Z",
    "nationalNumber": "19822200012",
    "expiresAt": in_days(300),
    "certificationEndsAt": in_days(300),
    "membershipEndsAt": "2099-12-31T23:59:59Z",
}

# To which address the code of a registration went.
ADDRESSES = {}


class Me:
    """A test person who is registered with the first of two products, a professional space of his, what waits for him,
    software that he let into his space, and a partner."""

    person, product, other_product, space = SANDBOX.founder(CALLER == "helpdesk")
    invitation = SANDBOX.invitation(person, product)
    token = SANDBOX.log_in(person, product)["access_token"]
    identifier = SANDBOX.ask("GET", f"/v1/spaces/{space}", token)["identifier"]
    to_approve, to_refuse = SANDBOX.join_request(identifier), SANDBOX.join_request(identifier)
    recovery = SANDBOX.recovery(token, space)
    software = SANDBOX.software(person, product, space)
    partner = SANDBOX.partner("acd")


class Stranger:
    """Somebody else, whose space an agent may decide on."""

    person, product, _, space = SANDBOX.founder()
    recovery_wish = SANDBOX.recovery_wish(SANDBOX.log_in(person, product)["access_token"], space)


def log_in():
    return SANDBOX.log_in(Me.person, Me.product)


def access_token():
    match CALLER:
        case "system-user":
            granted = SANDBOX.log_in_as_software(Me.software)
        case "partner":
            granted = SANDBOX.log_in_as_partner(Me.partner)
        case _:
            granted = log_in()
    return granted["access_token"]


@schemathesis.auth(refresh_interval=None)
class Session:
    """The caller's own, begun anew when an operation has ended it; anonymous callers have none."""

    token = None

    def get(self, case, context):
        if Session.token is None and CALLER != "anonymous":
            Session.token = access_token()
        return Session.token

    def set(self, case, token, context):
        if token:
            case.headers["Authorization"] = f"Bearer {token}"


def operation(case):
    return case.operation.definition.raw.get("operationId")


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """A body of one line: each is an object, and is judged for itself."""
    return json.dumps(value).encode()


@schemathesis.serializer("application/pdf", "image/jpeg", "image/png")
def file(context, value):
    """A body that is a file, as it is."""
    return getattr(value, "data", str(value).encode(errors="ignore"))


@schemathesis.hook
def after_call(context, case, response):
    if response.status_code == 401:
        Session.token = None
    if response.status_code == 201 and operation(case) == "register":
        registration = response.json()
        ADDRESSES[registration["id"]] = registration["email"]


@schemathesis.hook
def before_call(context, case, kwargs):
    def is_valid(location):
        return case.meta is None or not case.meta.is_negative_at(location)

    if is_valid(ParameterLocation.HEADER):
        if "Idempotency-Key" in case.headers:
            case.headers["Idempotency-Key"] = str(uuid.uuid4())
        if "If-Match" in case.headers:
            case.headers["If-Match"] = "*"
    if is_valid(ParameterLocation.QUERY) and "cursor" in case.query:
        # A cursor is opaque: only the server makes one.
        case.query["cursor"] = ""
    if is_valid(ParameterLocation.QUERY) and "search" in case.query:
        case.query["search"] = right(case.query["search"])
    if is_valid(ParameterLocation.QUERY) and "after" in case.query:
        # How far a feed goes, only its reader knows.
        case.query["after"] = 0
    if is_valid(ParameterLocation.BODY) and isinstance(case.body, dict):
        case.body = right(case.body)
        case.body |= {name: value for name, value in true_values(case).items() if name in case.body and value}
        if operation(case) in ("requestCertification", "issueAccessCode"):
            case.body = for_tax_cards(case.body)
        if operation(case) == "grantCertification":
            # A holder, as the person of the sandbox asks to be, hangs on nobody.
            case.body.pop("principal", None)
        if operation(case) == "editSpace" and "title" in case.body:
            # Only a professional space has a title.
            case.path_parameters["id"] = Me.space
    if is_valid(ParameterLocation.BODY) and operation(case) == "attachFile":
        # What a file is, its bytes say.
        case.media_type, case.body = "application/pdf", f"%PDF-1.7 {uuid.uuid4()}"
    if is_valid(ParameterLocation.QUERY) and operation(case) == "attachFile":
        # Which slots there are, the type says; a name is more than blanks and dots.
        case.query |= {"slot": "identity-document", "name": "x" + right(case.query["name"])[1:]}
    if is_valid(ParameterLocation.PATH):
        match operation(case):
            case "getCompanyProfile" | "replaceCompanyProfile" | "listMembers" | "leaveSpace" | "listJoinRequests":
                # Only a professional space has a company, and members.
                case.path_parameters["id"] = Me.space
            case "listSystemUsers" | "approveSystemUser" | "getSystemUser" | "editSystemUser":
                # Only a professional space has software.
                case.path_parameters["id"] = Me.space
            case "endSystemUser" | "suspendSystemUser" | "resumeSystemUser":
                # Only a professional space has software.
                case.path_parameters["id"] = Me.space
            case "getSpace" | "getPermissions" if CALLER == "system-user":
                # Software sees no other.
                case.path_parameters["id"] = Me.space
            case "listInvitations" | "invite" | "inviteMany" | "getInvitation" | "resendInvitation" | "cancelInvitation":
                # Only a professional space has members.
                case.path_parameters["id"] = Me.space
            case "getReceivedInvitation" | "acceptInvitation" | "refuseInvitation":
                case.path_parameters["id"] = Me.invitation
            case "approveJoinRequest":
                case.path_parameters |= {"id": Me.space, "requestId": Me.to_approve}
            case "refuseJoinRequest":
                case.path_parameters |= {"id": Me.space, "requestId": Me.to_refuse}
            case "stopRecovery":
                case.path_parameters["id"] = Me.recovery
            case "getCertifiableService":
                # The sandbox has loaded the shipped catalogue.
                case.path_parameters["code"] = "acd.tax-cards"
            case "listProcedures" | "beginProcedure" | "listSpaceProcedureTypes":
                # The shipped types run from professional spaces.
                case.path_parameters["id"] = Me.space
            case "attachFile":
                case.path_parameters |= {"id": Me.space, "procedureId": SANDBOX.procedure(log_in()["access_token"], Me.space)}
            case "listAuthenticSources":
                case.path_parameters["id"] = Me.space
            case "getAuthenticSource" | "listSourceRecords" | "getSourceRecord" | "listVerifications" | "verifyRecord":
                case.path_parameters |= {"id": Me.space, "code": "aed.vat-balance"}
            case "pushSourceRecords":
                # The partner is of this administration.
                case.path_parameters["code"] = "acd.tax-cards"
            case "getProcedureType":
                case.path_parameters["code"] = "aed.vat-registration"
            case "withdrawAuthenticationProduct":
                # It would end the caller's sessions for good; stories tell of it.
                case.path_parameters["id"] = str(uuid.uuid4())


def true_values(case):
    """What has the right form, and is right."""
    match operation(case):
        case "register":
            person, products = SANDBOX.newcomer()
            return {"assertion": SANDBOX.assertion(person, products[0])}
        case "addAuthenticationProduct":
            return {"assertion": SANDBOX.assertion(Me.person, Me.other_product)}
        case "confirmRegistration":
            return {"code": code_for(ADDRESSES.get(case.path_parameters.get("id")))}
        case "confirmEmail":
            return {"code": code_for(seen("/v1/me").get("pendingEmail", {}).get("email"))}
        case "confirmNotificationEmail":
            return {"code": code_for(seen(f"/v1/spaces/{case.path_parameters.get('id')}").get("notificationEmail"))}
        case "getToken" | "revokeToken":
            refresh = log_in()["refresh_token"]
            of_person = {"subject_token": SANDBOX.assertion(Me.person, Me.product), "refresh_token": refresh, "token": refresh}
            of_software = {"client_id": Me.software, "client_assertion": SANDBOX.client_assertion(Me.software), "scope": "read"}
            return of_person | of_software
        case "approveSystemUser" | "editSystemUser":
            # In two years at most, and keys that are some.
            return {"endsAt": in_days(365), "jwks": JWKS}
        case "assertSandboxPartner":
            return {"partner": Me.partner}
        case "requestLimit":
            # More than it is now.
            return {"limit": 100_000}
        case "beginProcedure":
            return {"type": "aed.vat-registration"}
        case "openRecovery":
            return Stranger.recovery_wish
        case _:
            return {}


def for_tax_cards(body):
    """What one service takes: which domains, agents and principals there are, and who gives a security code, is for the
    catalogue to say, not for the contract."""
    elsewhere = ("domains", "agents", "principal", "request")
    of_company = {"service": "acd.tax-cards", "nationalNumber": "19822200012", "securityCode": "Fiches-27"}
    return {"capacity": "holder"} | {name: value for name, value in body.items() if name not in elsewhere} | of_company


def code_for(address):
    return SANDBOX.mailed_code(address) if address else None


def seen(path):
    """What the caller sees there, if anything."""
    if Session.token is None:
        return {}
    headers = {"Authorization": f"Bearer {Session.token}"}
    reply = requests.get(SANDBOX.base + path, headers=headers, timeout=10)
    return reply.json() if reply.ok else {}


def right(value, name=None):
    match value:
        case dict():
            return {name: right(field, name) for name, field in value.items()}
        case list():
            return [right(item) for item in value]
        case str() if name in ("email", "notificationEmail"):
            # An address of its own, so that a code that goes there is the newest there.
            return f"{uuid.uuid4()}@example.lu"
        case str() if name in CHECKED:
            return CHECKED[name]
        case str():
            return "".join("x" if is_barred(character) else character for character in value)
        case _:
            return value


def is_barred(character):
    return unicodedata.category(character) in BARRED or character in INVISIBLE
