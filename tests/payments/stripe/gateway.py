"""The stand-in for Stripe beside a test: started once, spoken to over HTTP only."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from django.test import Client

from banyan.payments.models import Intent

ROOT = Path(__file__).resolve().parents[3]


class Gateway:
    """A running process with keys of its own."""

    def __init__(self) -> None:
        self.key = f"sk_test_{secrets.token_hex(24)}"
        self.secret = f"whsec_{secrets.token_hex(32)}"
        command = [sys.executable, "-m", "tests.gateways.stripe"]
        self.process = subprocess.Popen(
            [*command, "--key", self.key, "--secret", self.secret],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "no real money" in line, line
        self.url = line.rpartition(" ")[2].strip()

    def close(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(timeout=60)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def control(self, name: str, **given: Any) -> Any:
        """Play the payer, the bank or the post."""
        request = urllib.request.Request(
            f"{self.url}/control/{name}", data=json.dumps(given).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def pay(self, intent: Intent, outcome: str = "paid", **given: Any) -> Any:
        """Do on the hosted page what a payer does."""
        return self.control("pay", session=intent.provider_ref, outcome=outcome, **given)

    def dispute(self, intent: Intent, **given: Any) -> str:
        """Let the payer's bank dispute a payment; return the dispute's number."""
        return str(self.control("dispute", session=intent.provider_ref, **given)["id"])

    def dispute_goes_on(self, ref: str, status: str) -> None:
        """Bring a dispute to another status."""
        self.control("dispute_goes_on", dispute=ref, status=status)

    def things(self, kind: str) -> list[dict[str, Any]]:
        """Return the objects of a kind, oldest first."""
        return [one for one in self.control("state")["things"] if one["object"] == kind]

    def requests(self, path: str) -> list[dict[str, Any]]:
        """Return what was asked of a path, oldest first."""
        return [one for one in self.control("state")["requests"] if one["path"] == path]

    def events(self, kind: str) -> list[str]:
        """Return the ids of the events of a type, oldest first."""
        return [one["id"] for one in self.control("state")["events"] if one["type"] == kind]

    def signed(self, event: str, **how: Any) -> tuple[bytes, str]:
        """Return an event's body and header as they are sent."""
        sent = self.control("sign", event=event, **how)
        return sent["body"].encode(), sent["header"]

    def tell(self, kind: str, **how: Any) -> int:
        """Deliver the latest event of a type to our address; return the answer's status."""
        return post(*self.signed(self.events(kind)[-1], **how))

    def tell_all(self) -> None:
        """Deliver every event there is, in order."""
        for one in self.control("state")["events"]:
            assert post(*self.signed(one["id"])) == 200


def post(body: bytes, header: str | None) -> int:
    """Send a message to our webhook address, as Stripe does."""
    headers = {} if header is None else {"stripe-signature": header}
    answer = Client().post(
        "/pay/hook/stripe", body, content_type="application/json", headers=headers
    )
    return int(answer.status_code)


def now() -> int:
    """Return the seconds since 1970."""
    return int(time.time())
