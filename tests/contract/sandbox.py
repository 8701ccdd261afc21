"""What a tester does with the sandbox: test persons, assertions, registrations, logins."""

import base64
import hashlib
import json
import time
import uuid

import requests

# The key of the software that calls: made for this, it opens nothing else.
MODULUS = (
    "uMi1FpBlXEl4oSNW2uMTA2FW83K-zXsfE48rwcd04eIZ--4THQvZyrUT7AP0pHwxgI8rl6TKR7zN6M7pLPqI8AjUoP5lVWI9GFqBJFet6DYM2C"
    "zXgtbrbhdJnZJL-vGp5CVQHJkshqUnOhsodB_f2nrM-_SJcl6Ipj_N-EHk_6GE31ywZuMhah2JT1_VORMGPEdlSmUg0zFNuaPfGj7HlAITglS6"
    "PJAx1X_qNF8VIBL-vR2juRByocXmlHqlpZAPbQzEG1kFjD8Z7FJlOdrjYhHfOW9hxwUbAHeVPP4tANw8_mGHl_qM2s1iJl9LAdRr7cjgrW-xp1"
    "1aTdNI4aYspQ"
)
EXPONENT = (
    "AywG18VQyB3GwVVe91DwkZ1JJdKxbcuQRACwKppm6j28XnO-xj_e1Dj5h5Klz3EGVIOgpvDAPC0Eh9uNayU91okARWc4jBesns9m6h3LMXJEFC"
    "3o4SkZT4F81QSe40bkuLLfRi5m8kTBgKDYt-2YJSL4g9a1yU3QILJ1sa5H5Q90Qv0tdmdCY2pgjrH0qhRUraSVsoM0bbQK6uhX73r_BTCRMh1N"
    "mQ_FB16McWjVKyzUhLiIKYdaxBUl7rHRESWDf-EWkV2FWRPnG7IbYljTAt_bnTI1GmQF8Cl1kj1pFfn0Q9vS3ks4LkYmqbYqk8HOhTEhIhktn-"
    "9j-8lnpPqVYQ"
)
JWKS = {"keys": [{"kty": "RSA", "kid": "k", "alg": "RS256", "n": MODULUS, "e": "AQAB"}]}
# RFC 8017 §9.2: what says that a digest is of SHA-256.
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def in_days(days):
    """A moment to come."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86_400))


def encoded(data):
    """base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(claims):
    """A JWT, signed with RS256."""
    parts = ({"alg": "RS256", "kid": "k"}, claims)
    unsigned = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    digest = DIGEST_INFO + hashlib.sha256(unsigned.encode()).digest()
    padded = b"\x00\x01" + b"\xff" * (253 - len(digest)) + b"\x00" + digest
    modulus, exponent = (int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big") for text in (MODULUS, EXPONENT))
    return f"{unsigned}.{encoded(pow(int.from_bytes(padded, 'big'), exponent, modulus).to_bytes(256, 'big'))}"


class Sandbox:
    """The sandbox of a server, and the public part of its API."""

    def __init__(self, base):
        self.base = base

    def ask(self, method, path, token=None, **request):
        """The JSON of an answer that must be good."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        reply = requests.request(method, self.base + path, headers=headers, timeout=10, **request)
        reply.raise_for_status()
        return reply.json()

    def newcomer(self, is_helpdesk=False, products=1):
        """A test person whom nobody knows yet: his id, and his products' serial numbers."""
        wish = {"products": ["eid"] * products, "helpdesk": is_helpdesk}
        person = self.ask("POST", "/sandbox/persons", json=wish)
        return person["id"], [product["serial"] for product in person["products"]]

    def assertion(self, person, product):
        """A fresh one: it serves once for a registration and once for a token."""
        login = {"person": person, "product": product}
        return self.ask("POST", "/sandbox/assertions", json=login)["idToken"]

    def mailed_code(self, address):
        """The code of the newest mail to an address that has one."""
        mails = self.ask("GET", "/sandbox/mails", params={"to": address})["data"]
        return next((mail["code"] for mail in mails if mail.get("code")), None)

    def register(self, person, product):
        """Makes a product known."""
        email = f"{person}@example.lu"
        wish = {"assertion": self.assertion(person, product), "email": email, "language": "en"}
        registration = self.ask("POST", "/v1/registrations", json=wish)["id"]
        code = self.mailed_code(email)
        self.ask("POST", f"/v1/registrations/{registration}/confirm", json={"code": code})

    def log_in(self, person, product):
        """An access token and a refresh token."""
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "subject_token": self.assertion(person, product),
        }
        return self.ask("POST", "/v1/token", data=form)

    def invitation(self, person, product):
        """An invitation of a person, with this product, to the space of somebody else."""
        host, of_host, _, space = self.founder()
        token = self.log_in(host, of_host)["access_token"]
        invitee = next(known for known in self.ask("GET", "/sandbox/persons")["data"] if known["id"] == person)
        wish = {
            "givenName": invitee["givenName"],
            "familyName": invitee["familyName"],
            "email": f"{person}@example.lu",
            "subjectSerialNumber": product,
            "accessScope": "this_product",
            "role": "reader",
        }
        return self.ask("POST", f"/v1/spaces/{space}/invitations", token, json=wish)["id"]

    def software(self, person, product, space):
        """Software that is let into a space by its administrator."""
        token = self.log_in(person, product)["access_token"]
        wish = {"name": "Payroll", "rights": ["read"], "endsAt": in_days(365), "jwks": JWKS}
        return self.ask("POST", f"/v1/spaces/{space}/system-users", token, json=wish)["id"]

    def client_assertion(self, client):
        """One that serves once."""
        issuer = self.ask("GET", "/.well-known/oauth-authorization-server")["issuer"]
        claims = {"iss": client, "sub": client, "aud": issuer, "exp": int(time.time()) + 240, "jti": str(uuid.uuid4())}
        return signed(claims)

    def log_in_as_software(self, client):
        """An access token of software."""
        return self.exchange_client_assertion(self.client_assertion(client))

    def partner(self, administration):
        """The test partner of an administration."""
        partners = self.ask("GET", "/sandbox/partners")["data"]
        return next(partner["id"] for partner in partners if partner["administration"] == administration)

    def log_in_as_partner(self, partner):
        """An access token of a test partner."""
        signed_by_sandbox = self.ask("POST", "/sandbox/client-assertions", json={"partner": partner})
        return self.exchange_client_assertion(signed_by_sandbox["clientAssertion"])

    def exchange_client_assertion(self, assertion):
        """What a client gets for its assertion."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        return self.ask("POST", "/v1/token", data=form)

    def founder(self, is_helpdesk=False):
        """A person with a registered product, another that is not registered yet, and a professional space."""
        person, (product, other) = self.newcomer(is_helpdesk, products=2)
        self.register(person, product)
        token = self.log_in(person, product)["access_token"]
        version = self.ask("GET", "/v1/terms")["version"]
        self.ask("POST", "/v1/me/terms-acceptances", token, json={"version": version})
        wish = {
            "kind": "professional",
            "title": "Boulangerie",
            "entityType": "legal_person",
            "notificationEmail": f"{person}@example.lu",
            "language": "fr",
        }
        space = self.ask("POST", "/v1/spaces", token, json=wish)["id"]
        return person, product, other, space

    def procedure(self, token, space):
        """A procedure in preparation, of which the caller is the first to know."""
        wish = {"type": "aed.vat-registration"}
        return self.ask("POST", f"/v1/spaces/{space}/procedures", token, json=wish)["id"]

    def join_request(self, identifier):
        """A request of somebody new to be let into the space with this identifier; gives its id."""
        person, product, _, _ = self.founder()
        token = self.log_in(person, product)["access_token"]
        return self.ask("POST", "/v1/join-requests", token, json={"spaceIdentifier": identifier})["id"]

    def recovery_wish(self, token, space):
        """What opens a recovery of this space, whose only member has this token; somebody new is to be appointed."""
        person, product, _, _ = self.founder()
        appointee = self.log_in(person, product)["access_token"]
        members = self.ask("GET", f"/v1/spaces/{space}/members", token)["data"]
        products = self.ask("GET", "/v1/me/authentication-products", appointee)["data"]
        return {
            "spaceId": space,
            "productId": products[0]["id"],
            "unable": [member["id"] for member in members],
            "reason": "A letter",
        }

    def recovery(self, token, space):
        """Such a recovery, opened; gives its id."""
        agent, product, _, _ = self.founder(is_helpdesk=True)
        of_agent = self.log_in(agent, product)["access_token"]
        return self.ask("POST", "/v1/helpdesk/recoveries", of_agent, json=self.recovery_wish(token, space))["id"]
