"""How made-up requests get through the doors: a key, a signature or a client secret, and often an id of something that is there.

What is signed is what is sent: the signature is made over the request when it is ready, by the rules of docs/signing.md.
"""

import base64
import datetime
import hashlib
import json
import os
import uuid

import requests
import schemathesis
from cryptography.hazmat.primitives.serialization import load_pem_private_key

STAGE = json.loads(os.environ["TAHSIL_STAGE"])
VERSION = os.environ["TAHSIL_VERSION"]
# Header values are bytes in some cases, and text in others.
VERSIONS = [word for known in STAGE["versions"] for word in (known, known.encode())]
PRIVATE = load_pem_private_key(STAGE["privateKey"].encode(), password=None)


def sign(text: str) -> str:
    return base64.b64encode(PRIVATE.sign(text.encode())).decode()


# What shows who asks. Made-up ones are taken out: a request that shows two things means neither.
SHOWN = [
    "authorization", "x-api-key", "x-id", "x-signature", "x-tahsil-key", "x-tahsil-timestamp", "x-tahsil-nonce",
    "x-tahsil-signature",
]


class WayIn(requests.auth.AuthBase):
    """Shows who asks, by the door of the path."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        for name in SHOWN:
            request.headers.pop(name, None)
        path = request.path_url
        if not path.startswith("/api/public/"):
            # A version that a case makes up is left as it is; one that there is would be the other run's.
            if request.headers.get("x-api-version", VERSION) in VERSIONS:
                request.headers["x-api-version"] = VERSION
        if path.startswith("/v1/payment/rest/"):
            shown = legacy(request.method, path)
        elif path.startswith("/api/public/"):
            # The secret of the intent that the path names; one that is made up where it names none.
            secret = STAGE["secrets"].get(path.split("?")[0].split("/")[4])
            shown = {"x-client-secret": secret} if secret else {}
        elif path.startswith("/api/v1/"):
            shown = {"x-api-key": STAGE["secret"]}
        else:
            shown = native(request)
        request.headers.update(shown)
        return request


def legacy(method: str, path: str) -> dict[str, str]:
    """As S3 signs."""
    signature = sign(f"{method} || {STAGE['secret']} || {path.split('?')[0]}")
    return {"x-id": STAGE["secret"], "x-signature": signature}


def native(request: requests.PreparedRequest) -> dict[str, str]:
    """Our own form."""
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    version = request.headers["x-api-version"]
    version = version.decode("latin-1") if isinstance(version, bytes) else version
    timestamp, nonce = datetime.datetime.now(datetime.timezone.utc).isoformat(), uuid.uuid4().hex
    digest = hashlib.sha256(body).hexdigest()
    text = f"{request.method}\n{request.path_url}\n{timestamp}\n{nonce}\n{version.strip()}\nsha256:{digest}"
    return {
        "x-tahsil-key": STAGE["token"],
        "x-tahsil-timestamp": timestamp,
        "x-tahsil-nonce": nonce,
        "x-tahsil-signature": f"ed25519={sign(text)}",
    }


@schemathesis.hook
def before_call(context, case, kwargs):
    kwargs["auth"] = WayIn()


# An id that nobody has tells little, so three of four are of something that is there.
IDS = {
    "/api/v1/payments/": "payments",
    "/v1/payments/": "payments",
    "/api/v1/transactions/": "transactions",
    "/api/v1/payment-intents/": "intents",
    "/api/public/": "intents",
    "/v1/payment/rest/": "references",
}


# What no pattern says: a number with its check digit, a year to come, an address with https.
REAL = {
    "amount": [150_000, 9_900, 100],
    "number": ["4242424242424242", "5555555555554444", "4000000000000002", "4000000000009995"],
    "exp_year": [datetime.date.today().year + 2],
    "success_url": ["https://shop.example.iq/paid?session={CHECKOUT_SESSION_ID}"],
    "cancel_url": ["https://shop.example.iq/cart"],
    "redirectUrl": ["https://shop.example.iq/paid"],
    "callbackUrl": ["https://shop.example.iq/callback"],
    "expires_at": ["2099-12-31T21:00:00Z"],
    "payment_id": STAGE["payments"],
}


@schemathesis.hook
def map_body(context, body):
    number = digest_of(body)
    return real(body, number) if number % 4 else body


def real(value, number):
    if not isinstance(value, dict):
        return value
    return {
        name: REAL[name][number % len(REAL[name])] if fits(name, held) else real(held, number)
        for name, held in value.items()
    }


def fits(name, held) -> bool:
    """Whether there is something real of that name and type: amounts are numbers here and texts there."""
    return name in REAL and type(held) is type(REAL[name][0])


def digest_of(value) -> int:
    """The same value gives the same number, so that a case can be repeated."""
    return int.from_bytes(hashlib.sha256(repr(value).encode()).digest()[:4], "big")


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if not path_parameters:
        return path_parameters
    path = context.operation.path
    kind = next((kind for start, kind in IDS.items() if path.startswith(start)), None)
    known = dict(path_parameters)
    for name, value in path_parameters.items():
        number = digest_of(value)
        if name == "mode":
            # The key is one of the test mode.
            known[name] = "test" if value == "live" or number % 8 else value
        elif kind and number % 4:
            known[name] = STAGE[kind][number % len(STAGE[kind])]
    return known
