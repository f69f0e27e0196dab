#!/usr/bin/env python3
"""Sends a signed request with Python and the package `cryptography`. docs/signing.md says what is signed.

    TAHSIL_URL=https://pay.example TAHSIL_KEY=epk_test_… TAHSIL_PRIVATE_KEY=key.pem python3 sign.py METHOD PATH [BODY-FILE]

TAHSIL_PRIVATE_KEY is a file with an Ed25519 or RSA key in PEM; TAHSIL_HMAC_KEY, in its place, a shared key in hex.
TAHSIL_API_VERSION asks for a version; TAHSIL_SIGN_PASSPHRASE opens an encrypted key. Prints the body of the answer, then its
status.
"""

import base64
import hashlib
import hmac
import os
import secrets
import sys
import urllib.error
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def signature(text: bytes) -> str:
    """The value of X-Tahsil-Signature; the key says by which algorithm."""
    shared = os.environ.get("TAHSIL_HMAC_KEY")
    if shared:
        algorithm, raw = "hmac-sha256", hmac.new(bytes.fromhex(shared), text, hashlib.sha256).digest()
    else:
        passphrase = os.environ.get("TAHSIL_SIGN_PASSPHRASE")
        pem = Path(os.environ["TAHSIL_PRIVATE_KEY"]).read_bytes()
        key = serialization.load_pem_private_key(pem, passphrase.encode() if passphrase else None)
        if isinstance(key, rsa.RSAPrivateKey):
            algorithm, raw = "rsa", key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        else:
            algorithm, raw = "ed25519", key.sign(text)
    return f"{algorithm}={base64.b64encode(raw).decode()}"


def main() -> int:
    if len(sys.argv) not in (3, 4):
        print("usage: sign.py METHOD PATH [BODY-FILE]", file=sys.stderr)
        return 2
    method, path = sys.argv[1:3]
    body = Path(sys.argv[3]).read_bytes() if len(sys.argv) == 4 else b""
    timestamp = datetime.now(timezone.utc).isoformat()
    nonce = secrets.token_hex(16)
    version = os.environ.get("TAHSIL_API_VERSION", "")
    digest = hashlib.sha256(body)

    text = "\n".join([method, path, timestamp, nonce, version, f"sha256:{digest.hexdigest()}"])
    headers = {
        "X-Tahsil-Key": os.environ["TAHSIL_KEY"],
        "X-Tahsil-Timestamp": timestamp,
        "X-Tahsil-Nonce": nonce,
        "X-Tahsil-Signature": signature(text.encode()),
    }
    if version:
        headers["X-API-Version"] = version
    if body:
        headers["Content-Type"] = "application/json"
        headers["Content-Digest"] = f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"

    url = os.environ["TAHSIL_URL"].rstrip("/") + path
    request = urllib.request.Request(url, data=body or None, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, said = answer.status, answer.read()
    except urllib.error.HTTPError as answer:
        status, said = answer.code, answer.read()
    print(said.decode())
    print(status)
    return 0


if __name__ == "__main__":
    sys.exit(main())
