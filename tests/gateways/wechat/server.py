"""The gateway over HTTP: every request's signature is checked, every answer is signed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from . import bill, control, orders, people, refunds, sharing
from .state import Refusal, State

_TRADE = r"/v3/pay/transactions/out-trade-no/([^/]+)"


class Request:
    """A request that was let in."""

    def __init__(
        self, state: State, base: str, query: dict[str, str], body: dict[str, Any]
    ) -> None:
        self.state, self.base, self.query, self.body = state, base, query, body
        self.serial = ""


def _place(request: Request, kind: str) -> dict[str, Any]:
    return orders.place(request.state, kind, request.body)


def _query(request: Request, number: str) -> dict[str, Any]:
    state = request.state
    return orders.show(state, orders.find(state, number, request.query.get("mchid", "")))


def _close(request: Request, number: str) -> None:
    state = request.state
    orders.close(state, orders.find(state, number, request.body.get("mchid", "")))


def _refund(request: Request) -> dict[str, Any]:
    return refunds.ask(request.state, request.body)


def _query_refund(request: Request, number: str) -> dict[str, Any]:
    return refunds.show(refunds.find(request.state, number))


def _bill(request: Request) -> dict[str, str]:
    return bill.ask(request.state, request.base, request.query)


def _file(request: Request) -> bytes:
    return bill.fetch(request.state, request.query.get("token", ""))


def _share(request: Request) -> dict[str, Any]:
    return sharing.share(request.state, request.body)


def _query_share(request: Request, number: str) -> dict[str, Any]:
    return sharing.show(sharing.find(request.state, number))


def _take_back(request: Request) -> dict[str, Any]:
    return sharing.take_back(request.state, request.body)


def _query_return(request: Request, number: str) -> dict[str, Any]:
    if number not in request.state.share_returns:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "回退单不存在")
    return sharing.show_return(request.state.share_returns[number])


def _let_go(request: Request) -> dict[str, Any]:
    return sharing.let_go(request.state, request.body)


def _add_receiver(request: Request) -> dict[str, Any]:
    return sharing.add_receiver(request.state, request.body, request.serial)


ROUTES: list[tuple[str, re.Pattern[str], Callable[..., Any]]] = [
    ("POST", re.compile(r"/v3/pay/transactions/(jsapi|native|h5)"), _place),
    ("GET", re.compile(_TRADE), _query),
    ("POST", re.compile(_TRADE + "/close"), _close),
    ("POST", re.compile(r"/v3/refund/domestic/refunds"), _refund),
    ("GET", re.compile(r"/v3/refund/domestic/refunds/([^/]+)"), _query_refund),
    ("POST", re.compile(r"/v3/profitsharing/receivers/add"), _add_receiver),
    ("POST", re.compile(r"/v3/profitsharing/orders"), _share),
    ("POST", re.compile(r"/v3/profitsharing/orders/unfreeze"), _let_go),
    ("GET", re.compile(r"/v3/profitsharing/orders/([^/]+)"), _query_share),
    ("POST", re.compile(r"/v3/profitsharing/return-orders"), _take_back),
    ("GET", re.compile(r"/v3/profitsharing/return-orders/([^/]+)"), _query_return),
    ("GET", re.compile(r"/v3/bill/tradebill"), _bill),
    ("GET", re.compile(r"/v3/billdownload/file"), _file),
]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    state: State

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("content-length") or 0)))

    def _answer(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/control/"):
            self._controlled(parts.path.removeprefix("/control/"), json.loads(body or b"{}"))
            return
        if parts.path == "/connect/oauth2/authorize":
            self._authorised(parts.query)
            return
        if parts.path == orders.H5_PATH:
            self._opened(dict(parse_qsl(parts.query)))
            return
        fault = self.state.settings.fault
        if fault == "cut":
            self.close_connection = True
        elif fault == "garbage":
            self._send(200, b"<html>a captive portal</html>", signed=False)
        elif fault:
            document = {"code": "SYSTEM_ERROR", "message": "系统异常,请稍后重试"}
            self._send(int(fault), json.dumps(document).encode())
        elif parts.path == "/sns/oauth2/access_token":
            with self.state.lock:
                said = people.token(self.state, dict(parse_qsl(parts.query)))
            self._send(200, json.dumps(said).encode(), signed=False)
        else:
            self._called(parts.path, dict(parse_qsl(parts.query)), body)

    def _controlled(self, verb: str, asked: dict[str, Any]) -> None:
        try:
            said, status = control.act(self.state, verb, asked), 200
        except Refusal as refusal:
            said, status = {"code": refusal.code, "message": refusal.message}, refusal.status
        self._send(status, json.dumps(said).encode(), signed=False)

    def _authorised(self, query: str) -> None:
        """Lead the browser on at once: this scope asks the person nothing."""
        with self.state.lock:
            status, said = people.authorise(self.state, query)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", said)
            said = ""
        body = said.encode()
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _opened(self, query: dict[str, str]) -> None:
        """Show the page that calls WeChat up, or why it does not; a test may name the address."""
        address = self.headers.get("x-test-address") or self.client_address[0]
        referer = self.headers.get("referer") or ""
        with self.state.lock:
            said = orders.open_page(
                self.state, query.get("prepay_id", ""), referer=referer, address=address
            )
        body = said.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _called(self, path: str, query: dict[str, str], body: bytes) -> None:
        with self.state.lock:
            try:
                said = self._handled(path, query, body)
            except Refusal as refusal:
                document = {"code": refusal.code, "message": refusal.message}
                self._send(refusal.status, json.dumps(document, ensure_ascii=False).encode())
                return
        if isinstance(said, bytes):  # a file's answer has no signature
            self._send(200, said, signed=False)
        elif said is None:
            self._send(204, b"")
        else:
            self._send(200, json.dumps(said, ensure_ascii=False).encode())

    def _handled(self, path: str, query: dict[str, str], body: bytes) -> Any:
        header = self.headers.get("authorization") or ""
        now = int(self.state.now())
        fault = self.state.keys.fault_in(header, self.command, self.path, body, now)
        if fault:
            raise Refusal(401, "SIGN_ERROR", fault)
        if "application/json" not in (self.headers.get("accept") or ""):
            raise Refusal(400, "INVALID_REQUEST", "Http头缺少Accept或User-Agent")
        if not self.headers.get("user-agent"):
            raise Refusal(400, "INVALID_REQUEST", "Http头缺少Accept或User-Agent")
        base = f"http://{self.headers['host']}"
        request = Request(self.state, base, query, json.loads(body) if body else {})
        request.serial = self.headers.get("wechatpay-serial") or ""
        for method, pattern, act in ROUTES:
            match = pattern.fullmatch(path)
            if match and method == self.command:
                return act(request, *(unquote(part) for part in match.groups()))
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "请求的资源不存在")

    def _send(self, status: int, body: bytes, *, signed: bool = True) -> None:
        how = self.state.settings.sign
        self.send_response(status)
        if signed and how != "missing":
            at = int(self.state.now()) - (301 if how == "stale" else 0)
            wanted = self.headers.get("wechatpay-serial") or ""
            for name, value in self.state.keys.headers(body, at, how or wanted).items():
                self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def serve(state: State, port: int) -> ThreadingHTTPServer:
    """Return a server on 127.0.0.1 that is bound and not yet running."""
    handler = type("Bound", (Handler,), {"state": state})
    return _Server(("127.0.0.1", port), handler)
