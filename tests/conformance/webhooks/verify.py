"""Verifies deliveries as their receivers in Python do: the library of Standard Webhooks, and S1's hash by hashlib alone.

Reads {"deliveries": [{what, body, headers, secrets, wrong}]} with bodies in base64, prints how many were taken and refused.
"""

import base64
import functools
import hashlib
import hmac
import json
import sys
from datetime import datetime

from standardwebhooks import Webhook, WebhookVerificationError
from standardwebhooks import webhooks as library

RealDatetime = datetime
counts = {"standard": [0, 0], "fields": [0, 0]}


def text(value):
    """What JavaScript's `String` makes of it; numbers are whole, others are sent as text."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (str, int)):
        return str(value)
    raise TypeError(f"{value!r} is no single value")


def fields_hash(body, fields, secret):
    """S1, 'Hash Generation Process'."""
    payload = json.loads(body)
    values = [functools.reduce(lambda at, name: at[name], field.split("."), payload) for field in fields.split(",")]
    return hashlib.sha256(("".join(map(text, values)) + secret).encode()).hexdigest()


def clock(instant):
    """Lets the library believe that it is this second; nothing in place of one gives it the time."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return RealDatetime.now(tz) if instant is None else RealDatetime.fromtimestamp(instant, tz)

    library.datetime = Clock


def key(secret):
    """A secret in another form than theirs is taken as bytes."""
    return secret if secret.startswith("whsec_") else secret.encode()


def flips(body):
    """The body with another bit in its first, its last and a middle byte."""
    for place in (0, len(body) // 2, len(body) - 1):
        yield body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


def standard(it, body):
    def verify(secret, sent=body, at=None):
        clock(at)
        return Webhook(key(secret)).verify(sent, it["headers"])

    def refuses(why, *args, **more):
        try:
            verify(*args, **more)
        except WebhookVerificationError as error:
            assert why == str(error), f"{it['what']}: {error}, not {why}"
        except UnicodeDecodeError:
            pass  # The other bit is no text any more, which the library finds first.
        else:
            raise AssertionError(f"{it['what']}: the library takes what it has to refuse: {why} {more}")
        counts["standard"][1] += 1

    sent_at = int(it["headers"]["webhook-timestamp"])
    for secret in it["secrets"]:
        assert verify(secret) == json.loads(body), it["what"]
        # The last second in which it is taken, on either side.
        for drift in (-300, 300):
            verify(secret, at=sent_at + drift)
        counts["standard"][0] += 3
        refuses("Message timestamp too old", secret, at=sent_at + 301)
        refuses("Message timestamp too new", secret, at=sent_at - 301)
        for other in flips(body):
            refuses("No matching signature found", secret, sent=other)
    for secret in it["wrong"]:
        refuses("No matching signature found", secret)


def security_fields(it, body):
    fields = it["headers"]["x-webhook-security-fields"]
    names = ["x-webhook-security-hash", "x-webhook-security-hash-next"][: len(it["secrets"])]
    for name, secret in zip(names, it["secrets"]):

        def is_taken(sent, secret):
            return hmac.compare_digest(fields_hash(sent, fields, secret), it["headers"][name])

        assert is_taken(body, secret), f"{it['what']}: {name} over {fields}"
        counts["fields"][0] += 1
        payload = json.loads(body)
        changed = [{**payload, field: payload[field] + "x"} for field in ("id", "status") if field in fields.split(",")]
        assert changed, f"{it['what']}: neither id nor status is covered"
        for other in changed:
            assert not is_taken(json.dumps(other), secret), f"{it['what']}: {name} covers not what it says"
        others = it["wrong"] + [other for other in it["secrets"] if other != secret]
        for other in others:
            assert not is_taken(body, other), f"{it['what']}: {name} by another secret"
        counts["fields"][1] += len(changed) + len(others)


for delivery in json.load(sys.stdin)["deliveries"]:
    raw = base64.b64decode(delivery["body"])
    standard(delivery, raw)
    if "x-webhook-security-hash" in delivery["headers"]:
        security_fields(delivery, raw)
print(json.dumps(counts))
