"""WeChat's one-time subscription messages: the page that asks, the token, the one message.

Built from its published page; knows nothing of Banyan:
https://developers.weixin.qq.com/doc/offiaccount/en/Message_Management/One-time_subscription_info.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

REFUSED, BAD_TOKEN, BAD_TEMPLATE, TOO_LONG = 43101, 40001, 40037, 47003


class Notices:
    """One account with one template; people agree once per scene."""

    def __init__(self, appid: str, secret: str, template: str) -> None:
        self.appid, self.secret, self.template = appid, secret, template
        self.consents: set[tuple[str, str]] = set()
        self.received: list[dict[str, Any]] = []
        self.tokens = 0
        self.port = 0

    @property
    def url(self) -> str:
        """Return the address of the gateway."""
        return f"http://127.0.0.1:{self.port}"

    def agree(self, page: str, openid: str, action: str = "confirm") -> str:
        """Press a button on the page that asks; return where the browser is sent."""
        parts = urlsplit(page)
        assert parts.fragment == "wechat_redirect"
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert asked["action"] == "get_confirm"
        assert asked["appid"] == self.appid
        assert asked["template_id"] == self.template
        assert 0 <= int(asked["scene"]) <= 10_000
        reserved = asked["reserved"]
        assert reserved.isascii()
        assert reserved.isalnum()
        assert len(reserved) <= 128
        told = {"template_id": self.template, "action": action, "scene": asked["scene"]}
        if action == "confirm":
            self.consents.add((asked["scene"], openid))
            told["openid"] = openid
        return f"{asked['redirect_url']}?{urlencode(told | {'reserved': reserved})}"

    def forget_token(self) -> None:
        """Let the token that is out be stale."""
        self.tokens += 1

    def token(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer /cgi-bin/stable_token."""
        if (body.get("appid"), body.get("secret")) != (self.appid, self.secret):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        return {"access_token": f"T{self.tokens}", "expires_in": 7200}

    def send(self, token: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer /cgi-bin/message/template/subscribe."""
        if token != f"T{self.tokens}":
            return {"errcode": BAD_TOKEN, "errmsg": "invalid credential"}
        if body["template_id"] != self.template:
            return {"errcode": BAD_TEMPLATE, "errmsg": "invalid template_id"}
        if len(body["title"]) > 15 or len(body["data"]["content"]["value"]) > 200:
            return {"errcode": TOO_LONG, "errmsg": "argument invalid"}
        consent = (str(body["scene"]), body["touser"])
        if consent not in self.consents:
            return {"errcode": REFUSED, "errmsg": "user refuse to accept the msg"}
        self.consents.discard(consent)
        self.received.append(body)
        return {"errcode": 0, "errmsg": "ok"}


@contextmanager
def running(*, appid: str, secret: str, template: str) -> Iterator[Notices]:
    """Run the gateway in a thread."""
    notices = Notices(appid, secret, template)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            parts = urlsplit(self.path)
            if parts.path == "/cgi-bin/stable_token":
                told = notices.token(body)
            else:
                assert parts.path == "/cgi-bin/message/template/subscribe"
                told = notices.send(parse_qs(parts.query)["access_token"][0], body)
            answer = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    notices.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield notices
    finally:
        server.shutdown()
        server.server_close()
