"""HTTP: authentication, versions, idempotency, and which endpoint answers.

https://docs.stripe.com/api/authentication, /versioning, /idempotent_requests
"""

from __future__ import annotations

import base64
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from . import api, connect
from .control import COMMANDS
from .forms import decode
from .refusals import Refusal
from .store import Store, new_id

_REVERSALS = re.compile(r"/v1/transfers/([^/]+)/reversals")
_SHORT = {"balance_insufficient", "insufficient_balance_for_refund"}
_KINDS = {
    "accounts": "account",
    "transfers": "transfer",
    "checkout/sessions": "checkout.session",
    "refunds": "refund",
    "balance_transactions": "balance_transaction",
    "disputes": "dispute",
}
_PATH = re.compile(
    r"/v1/(checkout/sessions|refunds|balance_transactions|disputes|accounts|transfers)"
    r"(?:/([^/]+))?(/expire)?"
)


def serve(store: Store, port: int) -> ThreadingHTTPServer:
    """Return a server that answers from ``store``."""

    class Handler(_Handler):
        pass

    Handler.store = store
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    store: Store

    def do_GET(self) -> None:
        self._respond("GET", "")

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        self._respond("POST", self.rfile.read(length).decode())

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""

    def _respond(self, method: str, body: str) -> None:
        path = urlsplit(self.path).path
        headers: dict[str, str] = {"Request-Id": new_id("req_", 14)}
        if path.startswith("/control/"):
            command = COMMANDS[path.removeprefix("/control/")]
            if command.__name__ == "deliver":
                self._answer(200, command(self.store, json.loads(body)), headers)
                return
            with self.store.lock:
                self._answer(200, command(self.store, json.loads(body)), headers)
            return
        with self.store.lock:
            status, found = self._api(method, path, body, headers)
            self._answer(status, found, headers)

    def _api(self, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, Any]:
        store = self.store
        given = decode(urlsplit(self.path).query if method == "GET" else body)
        key = self.headers.get("Idempotency-Key", "")
        store.requests.append(
            {
                "method": method,
                "path": path,
                "given": given,
                "key": key,
                "version": self.headers.get("Stripe-Version"),
            }
        )
        if store.faults:
            return _fault(store.faults.pop(0))
        if not self._authentic():
            return 401, Refusal("Invalid API Key provided: sk_test_***").body
        try:
            if method == "POST" and key:
                return self._once(path, given, key, headers)
            return 200, self._route(method, path, given)
        except Refusal as refusal:
            return refusal.status, refusal.body

    def _authentic(self) -> bool:
        """Take a bearer token, or the key as the user name of basic authentication."""
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            value = base64.b64decode(value).decode().partition(":")[0]
        return value == self.store.key

    def _once(
        self, path: str, given: dict[str, Any], key: str, headers: dict[str, str]
    ) -> tuple[int, Any]:
        """Answer a repeated key as the first time; refuse it with other parameters."""
        said = json.dumps([path, given], sort_keys=True)
        if key in self.store.answers:
            before, status, found = self.store.answers[key]
            if before != said:
                refusal = Refusal(
                    "Keys for idempotent requests can only be used with the same parameters "
                    "they were first used with.",
                    kind="idempotency_error",
                )
                return refusal.status, refusal.body
            headers["Idempotent-Replayed"] = "true"
            return status, found
        try:
            found = json.loads(json.dumps(self._route("POST", path, given)))
        except Refusal as refusal:
            # https://docs.stripe.com/api/idempotent_requests: "regardless of whether it succeeds or
            # fails", once it began to execute; what is wrong by itself is not kept.
            if _SHORT & set(refusal.body["error"].values()):
                self.store.answers[key] = (said, refusal.status, refusal.body)
            raise
        self.store.answers[key] = (said, 200, found)
        return 200, found

    def _route(self, method: str, path: str, given: dict[str, Any]) -> Any:
        reversing = _REVERSALS.fullmatch(path)
        if reversing and method == "POST":
            return connect.create_reversal(self.store, reversing[1], given)
        if reversing:
            return api.index(
                self.store, "transfer_reversal", path, given | {"transfer": reversing[1]}
            )
        match = _PATH.fullmatch(path)
        if match is None:
            raise Refusal(f"Unrecognized request URL ({method}: {path}).", status=404)
        family, ref, expire = match.groups()
        if method == "GET" and not expire:
            kind = _KINDS[family]
            if ref:
                return api.retrieve(self.store, kind, ref, given)
            return api.index(self.store, kind, path, given)
        if family == "checkout/sessions" and expire:
            return api.expire_session(self.store, ref)
        if family == "checkout/sessions" and not ref:
            return api.create_session(self.store, given)
        if family == "transfers" and not ref:
            return connect.create_transfer(self.store, given)
        if family == "refunds" and not ref:
            return api.create_refund(self.store, given)
        raise Refusal(f"Unrecognized request URL ({method}: {path}).", status=404)

    def _answer(self, status: int, found: Any, headers: dict[str, str]) -> None:
        payload = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)


def _fault(status: int) -> tuple[int, Any]:
    """Answer as a busy or broken side does; 200 is an answer that was cut off."""
    if status == 200:
        return 200, None
    if status == 409:
        message = "There is currently another in-progress request using this Idempotent Key."
        return 409, Refusal(message, code="idempotency_key_in_use", kind="idempotency_error").body
    kind = "api_error" if status >= 500 else "invalid_request_error"
    code = "rate_limit" if status == 429 else None
    return status, Refusal("An unknown error occurred.", kind=kind, code=code).body
