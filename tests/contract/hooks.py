"""What schemathesis can't read in the contract: who it is, and what is valid beyond its form.

Only what was generated as valid is touched; what was generated as invalid is sent as it is.
"""

import os
import unicodedata
import uuid

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

SERVER = os.environ["ESPACE_PRO_SERVER"]
# A test person who is registered: his id, one of his products' serial number, a professional space of his.
PERSON = os.environ["ESPACE_PRO_PERSON"]
PRODUCT = os.environ["ESPACE_PRO_PRODUCT"]
SPACE = os.environ["ESPACE_PRO_SPACE"]
# Whether it calls as this person, or without a token.
IS_ANONYMOUS = os.environ["ESPACE_PRO_CALLER"] == "anonymous"

# docs/domain.md §9: categories that no text holds, and letters that show nothing.
BARRED = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
INVISIBLE = "\u115f\u1160\u3164\uffa0"


# To which address the code of a registration went.
ADDRESSES = {}


def post(path, **request):
    response = requests.post(SERVER + path, timeout=10, **request)
    response.raise_for_status()
    return response.json()


def assertion(person, product):
    """A fresh one: it serves once for a registration and once for a token."""
    return post("/sandbox/assertions", json={"person": person, "product": product})["idToken"]


def newcomer():
    """An assertion of a test person whom nobody knows yet."""
    person = post("/sandbox/persons", json={"products": ["eid"], "helpdesk": False})
    return assertion(person["id"], person["products"][0]["serial"])


def log_in():
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        "subject_token": assertion(PERSON, PRODUCT),
    }
    return post("/v1/token", data=form)


def mailed_code(address):
    mails = requests.get(SERVER + "/sandbox/mails", params={"to": address}, timeout=10).json()["data"]
    return next((mail["code"] for mail in mails if mail.get("code")), None)


@schemathesis.auth(refresh_interval=None)
class Session:
    """The caller's own, begun anew when an operation has ended it; anonymous callers have none."""

    token = None

    def get(self, case, context):
        if Session.token is None and not IS_ANONYMOUS:
            Session.token = log_in()["access_token"]
        return Session.token

    def set(self, case, token, context):
        if token:
            case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def after_call(context, case, response):
    if response.status_code == 401:
        Session.token = None
    if response.status_code == 201 and operation(case) == "register":
        registration = response.json()
        ADDRESSES[registration["id"]] = registration["email"]


def operation(case):
    return case.operation.definition.raw.get("operationId")


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
    if is_valid(ParameterLocation.BODY) and isinstance(case.body, dict):
        case.body = {name: shown(value) for name, value in case.body.items()}
        case.body |= {name: value for name, value in true_values(case).items() if name in case.body}
        if operation(case) == "editSpace" and "title" in case.body:
            # Only a professional space has a title.
            case.path_parameters["id"] = SPACE


def true_values(case):
    """What has the right form, and is right."""
    match operation(case):
        case "register":
            # An address of its own, so that its code is the newest there.
            return {"assertion": newcomer(), "email": f"{uuid.uuid4()}@example.lu"}
        case "confirmRegistration":
            address = ADDRESSES.get(case.path_parameters.get("id"))
            code = mailed_code(address) if address else None
            return {"code": code} if code else {}
        case "getToken" | "revokeToken":
            tokens = log_in()
            refresh = tokens["refresh_token"]
            return {"subject_token": assertion(PERSON, PRODUCT), "refresh_token": refresh, "token": refresh}
        case _:
            return {}


def shown(value):
    if not isinstance(value, str):
        return value
    return "".join("x" if is_barred(character) else character for character in value)


def is_barred(character):
    return unicodedata.category(character) in BARRED or character in INVISIBLE
