"""Starts a server of its own with a merchant, money and intents, and runs Schemathesis against it, once for each version of the API."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key

HERE = Path(__file__).parent
VERSIONS = ["2026-06-14.basra", "2025-12-01.tigris"]
SEED = "20260614"
READY_SECONDS = 30
RUN_SECONDS = 240
ALL = "all"


def environment(folder: str) -> dict[str, str]:
    """Settings of whoever runs the tests are not the server's; limits are high, since everything comes from one merchant and address."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TAHSIL_")}
    limits = ["PAYMENTS_PER_SECOND", "PAYMENTS_PER_HOUR", "QUERIES_PER_SECOND", "PUBLIC_PER_SECOND", "REFUSED_KEYS_PER_SECOND"]
    return inherited | {f"TAHSIL_LIMIT_{limit}": "1000000" for limit in limits} | {
        "TAHSIL_DATABASE_URL": f"sqlite://{folder}/tahsil.db",
        "TAHSIL_KEY_FILE": f"{folder}/tahsil.key",
        "TAHSIL_LISTEN": "127.0.0.1:0",
        "TAHSIL_LOG": "info",
        "TAHSIL_LOG_FORMAT": "json",
        "NO_COLOR": "1",
    }


class Server:
    """A node on a database of its own."""

    def __init__(self, binary: str, folder: str):
        self.binary, self.folder, self.env = binary, folder, environment(folder)
        self.log = Path(folder) / "log"
        self.command("migrate")
        merchant = self.cli("merchant", "create", "--name", "Schemathesis")["id"]
        create = ("credential", "create", "--merchant", merchant, "--mode", "test", "--name", "schemathesis", "--scopes", ALL)
        self.key = self.cli(*create, "--signing-key", "ed25519")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([binary, "serve"], cwd=folder, env=self.env, stdout=log, stderr=log)
        self.url = self.ready()

    def command(self, *args: str) -> str:
        done = subprocess.run([self.binary, *args], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise SystemExit(f"FAILED: tahsil {args[0]}: {done.stderr}")
        return done.stdout

    def cli(self, *args: str) -> dict:
        return json.loads(self.command(*args, "--output", "json"))

    def ready(self) -> str:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            listening = re.search(r'"listen":"([^"]+)"', self.log.read_text())
            if listening:
                return f"http://{listening[1]}"
            time.sleep(0.05)
        raise SystemExit(f"FAILED: the server did not start:\n{self.log.read_text()}")

    def send(self, path: str, body: dict, headers: dict[str, str]) -> dict:
        headers = headers | {"content-type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"FAILED: {path}: {error.code}: {error.read().decode()}") from error

    def post(self, path: str, body: dict) -> dict:
        return self.send(path, body, {"x-api-key": self.key["secret"]})["data"]

    def reference(self) -> str:
        """The reference code of a payment through the door of Rasedi."""
        secret, path = self.key["secret"], "/v1/payment/rest/test/create"
        body = {
            "amount": "150000", "gateways": ["FIB", "CREDIT_CARD"], "title": "Order", "description": "Order",
            "collectFeeFromCustomer": False, "collectCustomerEmail": False, "collectCustomerPhoneNumber": False,
            "redirectUrl": "https://shop.example.iq/paid", "callbackUrl": "https://shop.example.iq/callback",
        }
        private = load_pem_private_key(self.key["privateKey"].encode(), password=None)
        signature = base64.b64encode(private.sign(f"POST || {secret} || {path}".encode())).decode()
        return self.send(path, body, {"x-id": secret, "x-signature": signature})["referenceCode"]

    def stage(self) -> dict:
        """What there is to ask for: payments in several states with their transactions, and intents."""
        card = {"number": "4242424242424242", "exp_month": 12, "exp_year": time.gmtime().tm_year + 2, "cvv": "123"}
        charge = {"amount": 1_000_000, "currency": "USD", "card": card}
        intent = {"amount": 150_000, "currency": "IQD", "success_url": "https://shop.example.iq/paid", "expires_in": 604_800}
        payments = [self.post("/api/v1/payments/authorize", charge) for _ in range(12)]
        payments += [self.post("/api/v1/payments/sale", charge) for _ in range(12)]
        intents = [self.post("/api/v1/payment-intents", intent) for _ in range(8)]
        return {
            "versions": VERSIONS,
            "token": self.key["token"],
            "secret": self.key["secret"],
            "privateKey": self.key["privateKey"],
            "payments": [payment["id"] for payment in payments],
            "transactions": [payment["transaction_id"] for payment in payments],
            "intents": [intent["id"] for intent in intents],
            "secrets": {intent["id"]: intent["client_secret"] for intent in intents},
            "references": [self.reference() for _ in range(4)],
        }

    def complaints(self) -> list[str]:
        """Defects that it logged. What it says of providers and slow answers is no defect."""
        return [line for line in self.log.read_text().splitlines() if '"level":"ERROR"' in line]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def run(server: Server, version: str) -> tuple[bool, int]:
    """One run; whether it passed, and how many requests it sent."""
    report = Path(server.folder) / f"{version}.json"
    # Each version has objects of its own, so that the second run does not find what the first has used up.
    env = server.env | {"TAHSIL_STAGE": json.dumps(server.stage()), "TAHSIL_VERSION": version}
    env |= {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
    st = Path(sys.executable).with_name("st")
    args = [st, "--config-file", HERE / "schemathesis.toml", "run", f"{server.url}/openapi.json", "--seed", SEED]
    args += ["--report", "json", "--report-json-path", report]
    begun = time.monotonic()
    done = subprocess.run(args, cwd=server.folder, env=env, capture_output=True, text=True, timeout=RUN_SECONDS)
    cases = re.search(r"(\d[\d,]*) generated", done.stdout)
    count = int(cases[1].replace(",", "")) if cases else 0
    passed = done.returncode == 0 and count > 0
    if not passed:
        print(done.stdout[-20_000:], done.stderr[-4_000:])
    print(f"schemathesis {version}: {count} cases {'passed' if passed else 'FAILED'} [{time.monotonic() - begun:.1f} s]", flush=True)
    return passed, count


def main() -> None:
    binary = sys.argv[1]
    if not Path(binary).exists():
        raise SystemExit(f"FAILED: there is no server at {binary}: build it, or set TAHSIL_BIN")
    with tempfile.TemporaryDirectory(prefix="tahsil-schemathesis-") as folder:
        server = Server(binary, folder)
        try:
            results = [run(server, version) for version in VERSIONS]
            complaints = server.complaints()
        finally:
            server.stop()
    for line in complaints[:10]:
        print(f"the server logged: {line}")
    if complaints or not all(passed for passed, _ in results):
        raise SystemExit("FAILED: schemathesis")
    print(f"schemathesis: {sum(count for _, count in results)} cases in all")


main()
