"""HTTP/1.1 over the standard library's threading server, with limits and kept-alive sockets."""

from __future__ import annotations

import logging
import re
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sandbox.api import Api
from sandbox.exchange import Request, Response, json_response
from sandbox.gateway import Gateway
from sandbox.pages import Pages
from sandbox.refusals import Refusal
from sandbox.settings import Settings

log = logging.getLogger("sandbox.server")

MAX_BODY = 65_536
_HOST_HEADER = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


class GatewayServer(ThreadingHTTPServer):
    """Serves the API and the pay pages of one gateway."""

    request_queue_size = 512
    daemon_threads = True

    def __init__(self, settings: Settings, gateway: Gateway) -> None:
        """Bind the address; a port of 0 picks a free one."""
        self.address_family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        super().__init__((settings.host, settings.port), GatewayHandler)
        self.settings = settings
        self.gateway = gateway
        self.api = Api(gateway=gateway, api_key=gateway.api_key)
        self.pages = Pages(gateway=gateway)

    @property
    def address(self) -> str:
        """Return the address that was bound, as a URL."""
        host = self.settings.host
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self.server_address[1]}"

    def server_bind(self) -> None:
        """Bind without the reverse look-up of the standard library, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Report a broken connection quietly and anything else in full."""
        if isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            log.debug("%s hung up", client_address)
        else:
            log.exception("serving %s failed", client_address)

    def answer(self, request: Request) -> Response:
        """Route by the first part of the path."""
        path = request.path
        if path.startswith("/v1/"):
            return self.api.answer(request)
        if path == "/healthz":
            return json_response(200, {"status": "ok"})
        return self.pages.answer(request)


class GatewayHandler(BaseHTTPRequestHandler):
    """One connection: reads whole requests, writes whole answers."""

    server: GatewayServer
    server_version = "sandbox-gateway"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 75
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer("GET")

    def do_HEAD(self) -> None:
        """Answer a HEAD: a GET without its body."""
        self._answer("GET", silent=True)

    def do_POST(self) -> None:
        """Answer a POST."""
        self._answer("POST")

    def _answer(self, method: str, *, silent: bool = False) -> None:
        try:
            request = self._read(method)
            response = self.server.answer(request)
        except Refusal as refusal:
            self.close_connection = True
            response = json_response(refusal.status, refusal.document())
        except Exception:
            log.exception("%s %s failed", method, self.path)
            response = json_response(
                500, Refusal(500, "internal_error", "The gateway failed; try again.").document()
            )
        self._write(response, silent=silent)

    def _read(self, method: str) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if "transfer-encoding" in headers:
            raise Refusal(411, "length_required", "Send the body with a Content-Length.")
        length = headers.get("content-length", "0")
        repeated = len(self.headers.get_all("content-length", ())) > 1
        if repeated or not re.fullmatch(r"[0-9]{1,9}", length):
            raise Refusal(400, "bad_length", "The Content-Length is not one number.")
        if int(length) > MAX_BODY:
            raise Refusal(413, "body_too_large", f"A body has at most {MAX_BODY} bytes.")
        body = self.rfile.read(int(length)) if int(length) else b""
        return Request(
            method=method, target=self.path, headers=headers, body=body, base=self._base(headers)
        )

    def _base(self, headers: dict[str, str]) -> str:
        if self.server.settings.public_url is not None:
            return self.server.settings.public_url
        host = headers.get("host", "")
        return f"http://{host}" if _HOST_HEADER.fullmatch(host) else self.server.address

    def _write(self, response: Response, *, silent: bool) -> None:
        self.send_response(response.status)
        headers = {
            "content-type": response.content_type,
            "content-length": str(len(response.body)),
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        }
        for name, value in (headers | dict(response.headers)).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if not silent:
            self.wfile.write(response.body)
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Print a line for each request only when asked to."""
        if self.server.settings.access_log:
            log.info("%s %s", self.requestline, code)

    def log_message(self, format: str, *args: object) -> None:
        """Send the standard library's messages to our log."""
        log.debug(format, *args)
