"""HTTP: the gateway's one address, the buyer's pages, bill files, and the test's controls.

Envelope of an answer, codes of the gateway itself (10000, 20000, 40002, 40004):
https://opendocs.alipay.com/common/02km9f
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import html
import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.gateways.alipay.bills import Bills, NoBillError
from tests.gateways.alipay.methods import Methods, RefusedError
from tests.gateways.alipay.notices import Notice, Notices, post
from tests.gateways.alipay.sealing import Seal
from tests.gateways.alipay.trades import BEIJING, Settings, Trade, Trades, written
from tests.gateways.alipay.trades import FORM as MOMENT

PAGES = ("alipay.trade.page.pay", "alipay.trade.wap.pay")
HTML, JSON = "text/html;charset=utf-8", "application/json;charset=utf-8"
Reply = tuple[int, str, bytes, str]  # status, type, body, location


class Gateway:
    """Everything behind the addresses."""

    def __init__(self, seal: Seal, *, app_id: str, seller_id: str, pace: float) -> None:
        self.app_id, self.seller_id = app_id, seller_id
        self.trades = Trades()
        self.seal = seal
        self.notices = Notices(self.trades, seal, app_id=app_id, seller_id=seller_id, pace=pace)
        self.bills = Bills(self.trades, seller_id)
        self.methods = Methods(self.trades, self.notices, self.bills)

    def answer(self, path: str, query: dict[str, str], body: bytes) -> Reply:
        """Route a request."""
        with self.trades.lock:
            for trade in self.trades.overdue():
                self.notices.tell(trade)
            if path.startswith("/control/"):
                return self._control(path.removeprefix("/control/"), json.loads(body or b"{}"))
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
            if path == "/gateway.do":
                return self._gateway(query | form)
            if path.startswith("/cashier/"):
                return self._cashier(path.removeprefix("/cashier/"), form)
            if path == "/downloadBillFile.resource":
                return self._file(query.get("fileId", ""))
        return 404, HTML, b"", ""

    # -- the merchant's side ---------------------------------------------------------------------

    def _gateway(self, params: dict[str, str]) -> Reply:
        method, how = params.get("method", ""), self.trades.settings.answers
        if how == "down":
            return 503, HTML, b"<html>503</html>", ""
        if how == "busy":
            refused = RefusedError("isp.unknow-error", "系统繁忙", code="20000")
            return self._envelope(method, _refusal(refused))
        fault = self._fault(params)
        if fault is not None:
            signed = fault.sub_code != "isv.invalid-app-id"  # whose key would it be?
            if method in PAGES:
                return _error_page(fault)
            return self._envelope(method, _refusal(fault), signed=signed)
        content = json.loads(params.get("biz_content") or "{}")
        try:
            if method in PAGES:
                trade = self.methods.page(method, content, params)
                return 302, HTML, b"", f"/cashier/{trade.out_trade_no}"
            told = {"code": "10000", "msg": "Success"} | self.methods.by_name[method](content)
        except RefusedError as refused:
            if method in PAGES:
                return _error_page(refused)
            told = _refusal(refused)
        except NoBillError:
            told = _refusal(RefusedError("BILL_NOT_EXIST", "账单不存在"))
        return self._envelope(method, told)

    def _fault(self, params: Mapping[str, str]) -> RefusedError | None:
        """Return what is wrong with the common parameters."""
        if params.get("app_id") != self.app_id:
            return _invalid("isv.invalid-app-id", "无效的AppID参数")
        if params.get("method") not in (*PAGES, *self.methods.by_name):
            return _invalid("isv.invalid-method", "不存在的方法名")
        if params.get("sign_type") != "RSA2":
            return _invalid("isv.invalid-signature-type", "无效的签名类型")
        if not params.get("sign"):
            return _invalid("isv.missing-signature", "缺少签名参数")
        if not self.seal.request_holds(params):
            return _invalid("isv.invalid-signature", "验签出错")
        try:
            dt.datetime.strptime(params.get("timestamp", ""), MOMENT).replace(tzinfo=BEIJING)
        except ValueError:
            return _invalid("isv.invalid-timestamp", "非法的时间戳参数")
        return None

    def _envelope(self, method: str, told: dict[str, Any], *, signed: bool = True) -> Reply:
        """Write ``{"..._response": {...}, "sign": "..."}``; the sign is over the node's text."""
        name = f"{method.replace('.', '_')}_response" if method else "error_response"
        node = json.dumps(told, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
        sign = self.seal.sign(node)
        how = self.trades.settings.answers
        if how == "tampered":
            node = node.replace('"10000"', '"10000" ')
        if how == "unsigned" or not signed:
            return 200, JSON, f'{{"{name}":{node}}}'.encode(), ""
        return 200, JSON, f'{{"{name}":{node},"sign":"{sign}"}}'.encode(), ""

    def _file(self, token: str) -> Reply:
        found = self.bills.file(token)
        return (200, "application/zip", found, "") if found else (404, HTML, b"", "")

    # -- the buyer's side ------------------------------------------------------------------------

    def _cashier(self, number: str, form: Mapping[str, str]) -> Reply:
        trade = self.trades.by_number.get(number)
        if trade is None:
            return 404, HTML, b"", ""
        if form.get("action") == "pay":
            try:
                self.methods.pay(trade)
            except RefusedError as refused:
                return _error_page(refused)
            return 302, HTML, b"", self._back(trade)
        page = f"<h1>{html.escape(trade.subject)}</h1><p>{trade.shown}</p>"
        return 200, HTML, page.encode(), ""

    def _back(self, trade: Trade) -> str:
        told = {
            "charset": "utf-8",
            "out_trade_no": trade.out_trade_no,
            "method": "alipay.trade.page.pay.return",
            "total_amount": trade.shown,
            "trade_no": trade.trade_no,
            "auth_app_id": self.app_id,
            "version": "1.0",
            "app_id": self.app_id,
            "seller_id": self.seller_id,
            "timestamp": written(self.trades.now()),
        }
        return f"{trade.return_url}?{urlencode(self.seal.sealed(told))}"

    # -- the test's side -------------------------------------------------------------------------

    def _control(self, verb: str, asked: dict[str, Any]) -> Reply:
        told: Any = {}
        if verb == "reset":
            self.trades.settings = Settings()
            self.trades.by_number.clear()
            self.notices.made.clear()
        elif verb == "settings":
            self.trades.settings = dataclasses.replace(self.trades.settings, **asked)
        elif verb == "advance":
            self.trades.advance(asked["seconds"])
        elif verb == "notices":
            told = [{"body": n.body, "answers": n.answers} for n in self.notices.made]
        elif verb == "seal":
            # A notification with whatever the test wants it to say, truly signed.
            trade = self.trades.by_number[asked["out_trade_no"]]
            fields = self.notices.fields(trade) | asked["changes"]
            told = {"body": urlencode(self.seal.sealed(fields))}
        elif verb == "post":
            told = {"answer": post(Notice(asked["url"], dict(parse_qsl(asked["body"]))))}
        elif verb == "finish_refunds":
            for trade in list(self.trades.by_number.values()):
                for refund in trade.refunds.values():
                    if refund.done_at is None:
                        self.methods.finish_refund(trade, refund)
        elif verb == "trade":
            trade = self.trades.by_number[asked["out_trade_no"]]
            trade.status = asked.get("status", trade.status)
            told = {"status": trade.status, "fen": trade.fen, "given_back": trade.given_back}
        return 200, JSON, json.dumps(told).encode(), ""


def _invalid(sub_code: str, sub_msg: str) -> RefusedError:
    return RefusedError(sub_code, sub_msg, code="40002")


def _refusal(refused: RefusedError) -> dict[str, Any]:
    msg = {"20000": "Service Currently Unavailable", "40002": "Invalid Arguments"}
    return {
        "code": refused.code,
        "msg": msg.get(refused.code, "Business Failed"),
        "sub_code": refused.sub_code,
        "sub_msg": refused.sub_msg,
        **refused.more,
    }


def _error_page(refused: RefusedError) -> Reply:
    return 200, HTML, f"<h1>{refused.sub_code}</h1><p>{refused.sub_msg}</p>".encode(), ""


class Server(ThreadingHTTPServer):
    """Serves one gateway."""

    daemon_threads = True

    def __init__(self, port: int, gateway: Gateway) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.gateway = gateway
        self.base = gateway.bills.base = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Reads whole requests, writes whole answers."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        status, kind, told, location = self.server.gateway.answer(parts.path, query, body)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(told)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(told)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""
