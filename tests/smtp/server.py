"""A mail server for the stories: keeps each mail as a JSON file, and answers as it is told.

Usage: server.py PORT FOLDER plain|starttls|wrapped SECONDS

FOLDER/answers: a line for each of the next recipients, such as "451 Later"; where it ends, all are taken.
FOLDER/cert.pem, FOLDER/key.pem: for TLS, over which the user "portal" with the password "hush" has to log in.
SECONDS: how long each mail takes.
"""

import asyncio
import email
import email.policy
import json
import logging
import os
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

# Handshakes that fail are part of the stories.
logging.disable(logging.CRITICAL)

PORT, FOLDER, SECURITY, SECONDS = int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])


def next_answer():
    path = os.path.join(FOLDER, "answers")
    try:
        with open(path) as file:
            first, *rest = file.readlines()
    except (FileNotFoundError, ValueError):
        return None
    with open(path, "w") as file:
        file.writelines(rest)
    return first.strip()


class Keeper:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = next_answer()
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(SECONDS)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        kept = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            "text": mail.get_content(),
            "isProtected": server.transport.get_extra_info("sslcontext") is not None,
        }
        Keeper.count += 1
        path = os.path.join(FOLDER, f"{Keeper.count:06}")
        with open(path + ".draft", "w") as file:
            json.dump(kept, file)
        os.rename(path + ".draft", path + ".json")
        return "250 OK"


def log_in(server, session, envelope, mechanism, data):
    is_right = (data.login, data.password) == (b"portal", b"hush")
    return AuthResult(success=is_right, handled=False)


options = {}
if SECURITY != "plain":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(os.path.join(FOLDER, "cert.pem"), os.path.join(FOLDER, "key.pem"))
    options = {"authenticator": log_in, "auth_required": True}
    if SECURITY == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    else:
        # The session is protected before SMTP begins, of which its check knows nothing.
        options |= {"ssl_context": context, "auth_require_tls": False}

controller = Controller(Keeper(), hostname="127.0.0.1", port=PORT, **options)
controller.start()
print("ready", flush=True)
threading.Event().wait()
