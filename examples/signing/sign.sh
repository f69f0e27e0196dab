#!/usr/bin/env bash
# Sends a signed request with OpenSSL 3 and curl. Ed25519 only; docs/signing.md says what is signed.
#
#   TAHSIL_URL=https://pay.example TAHSIL_KEY=epk_test_… TAHSIL_PRIVATE_KEY=key.pem ./sign.sh METHOD PATH [BODY-FILE]
#
# TAHSIL_API_VERSION asks for a version; TAHSIL_SIGN_PASSPHRASE opens an encrypted key. Prints the body of the answer, then its
# status. For a shared key (hmac-sha256) take sign.mjs or sign.py: OpenSSL would show it in the list of processes.
set -euo pipefail

if [ $# -lt 2 ] || [ $# -gt 3 ]; then
    echo "usage: $0 METHOD PATH [BODY-FILE]" >&2
    exit 2
fi
: "${TAHSIL_URL:?the address of the server, such as http://127.0.0.1:8080}"
: "${TAHSIL_KEY:?the public token of the credential, epk_…}"
: "${TAHSIL_PRIVATE_KEY:?the file with the private key in PEM}"
method=$1 path=$2 body_file=${3:-/dev/null}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What is signed and what is sent have to be the same bytes, also if the file changes meanwhile.
cat -- "$body_file" >"$work/body"

timestamp=$(date -u +%Y-%m-%dT%H:%M:%SZ)
nonce=$(openssl rand -hex 16)
version=${TAHSIL_API_VERSION:-}
hash=$(openssl dgst -sha256 -r "$work/body" | cut -d' ' -f1)

# Six lines, and no line break after the last one.
printf '%s\n%s\n%s\n%s\n%s\nsha256:%s' "$method" "$path" "$timestamp" "$nonce" "$version" "$hash" >"$work/text"

pass=()
if [ -n "${TAHSIL_SIGN_PASSPHRASE:-}" ]; then pass=(-passin env:TAHSIL_SIGN_PASSPHRASE); fi
# Ed25519 hashes for itself, so the text goes in raw; it has to come from a file.
signature=$(openssl pkeyutl -sign -rawin -inkey "$TAHSIL_PRIVATE_KEY" "${pass[@]}" -in "$work/text" | openssl base64 -A)

headers=(
    -H "X-Tahsil-Key: $TAHSIL_KEY"
    -H "X-Tahsil-Timestamp: $timestamp"
    -H "X-Tahsil-Nonce: $nonce"
    -H "X-Tahsil-Signature: ed25519=$signature"
)
if [ -n "$version" ]; then headers+=(-H "X-API-Version: $version"); fi
if [ -s "$work/body" ]; then
    digest=$(openssl dgst -sha256 -binary "$work/body" | openssl base64 -A)
    headers+=(-H "Content-Digest: sha-256=:$digest:" -H "Content-Type: application/json" --data-binary "@$work/body")
fi

curl --silent --show-error --max-time 30 --path-as-is --globoff -X "$method" "${headers[@]}" \
    -w '\n%{http_code}\n' "${TAHSIL_URL%/}$path"
