"""The merchant's API under ``/v1``: bearer key, JSON, idempotent by key."""

from __future__ import annotations

import hmac
import json
import re
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.behaviour import list_behaviours, set_behaviour
from sandbox.exchange import Request, Response, json_response
from sandbox.fields import Fields
from sandbox.gateway import Gateway
from sandbox.idempotency import read_key, recall, remember
from sandbox.moments import now_ms
from sandbox.outbox import list_events
from sandbox.refusals import Refusal, invalid, not_found
from sandbox.report import daily_report
from sandbox.shapes import Shape, payment_shape, payout_shape, refund_shape
from sandbox.store import Transaction

MAX_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Call:
    """One authenticated call: the open transaction, the moment, and what was asked."""

    work: Transaction
    at: int
    request: Request
    object_id: str

    @property
    def fields(self) -> Fields:
        """Return the JSON body for reading; an empty body is an empty object."""
        try:
            document = json.loads(self.request.body or b"{}", parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Refusal(400, "malformed_json", "The body is not JSON.") from error
        return Fields(document)


def _no_constant(name: str) -> object:
    raise ValueError(name)


Handler = Callable[[Call], Response]


class Api:
    """Routes a request to its handler, in one transaction with its Idempotency-Key."""

    def __init__(self, *, gateway: Gateway, api_key: str) -> None:
        """Serve one gateway to the holder of ``api_key``."""
        self._gateway = gateway
        self._credentials = f"Bearer {api_key}".encode()
        self._routes = [(re.compile(path), handlers) for path, handlers in self._table()]

    def _table(self) -> Iterable[tuple[str, dict[str, Handler]]]:
        """Return the paths and, for each, a handler by method."""
        yield r"/v1/payments", {"POST": self._create_payment, "GET": self._find_payments}
        yield r"/v1/payments/([^/]+)", {"GET": self._get_payment}
        yield r"/v1/payments/([^/]+)/cancel", {"POST": self._cancel_payment}
        yield r"/v1/refunds", {"POST": self._create_refund, "GET": self._find_refunds}
        yield r"/v1/refunds/([^/]+)", {"GET": self._get_refund}
        yield r"/v1/payouts", {"POST": self._create_payout, "GET": self._find_payouts}
        yield r"/v1/payouts/([^/]+)", {"GET": self._get_payout}
        yield r"/v1/events", {"GET": self._list_events}
        yield r"/v1/events/([^/]+)/resend", {"POST": self._resend_event}
        yield r"/v1/report", {"GET": self._report}
        yield r"/v1/test/settings", {"POST": self._set_test, "GET": self._get_test}

    def answer(self, request: Request) -> Response:
        """Return the answer; every refusal is a problem document."""
        try:
            self._authenticate(request)
            return self._run(request)
        except Refusal as refusal:
            answer = json_response(refusal.status, refusal.document())
            headers = {"www-authenticate": "Bearer"} if refusal.status == 401 else {}
            allow = refusal.extra.get("allow")
            if isinstance(allow, str):
                headers["allow"] = allow
            return Response(
                status=answer.status,
                body=answer.body,
                content_type="application/problem+json",
                headers=headers,
            )

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._credentials):
            raise Refusal(401, "not_authenticated", "Send 'Authorization: Bearer <API key>'.")

    def _run(self, request: Request) -> Response:
        handler, object_id = self._match(request)
        at = now_ms()
        key = read_key(request) if request.method == "POST" else None
        with self._gateway.store.transaction() as work:
            if key is not None and (known := recall(work, key, request)) is not None:
                return known
            call = Call(work=work, at=at, request=request, object_id=object_id)
            response = handler(call)
            if key is not None:
                remember(work, key, request, response, at=at)
        return response

    def _match(self, request: Request) -> tuple[Handler, str]:
        path = request.path
        for pattern, handlers in self._routes:
            if (found := pattern.fullmatch(path)) is None:
                continue
            handler = handlers.get(request.method)
            if handler is None:
                allow = ", ".join(handlers)
                raise Refusal(405, "method_not_allowed", f"Use {allow}.", allow=allow)
            return handler, found.group(1) if found.groups() else ""
        raise not_found("resource", path)

    # Payments

    def _create_payment(self, call: Call) -> Response:
        row = self._gateway.payments.create(
            call.work, call.fields, at=call.at, base=call.request.base
        )
        return json_response(201, payment_shape(row))

    def _get_payment(self, call: Call) -> Response:
        row = self._gateway.payments.get(call.work, call.object_id, at=call.at)
        return json_response(200, payment_shape(row))

    def _find_payments(self, call: Call) -> Response:
        rows = self._gateway.payments.find(call.work, _asked(call, "reference")[1])
        return _listing(rows, payment_shape)

    def _cancel_payment(self, call: Call) -> Response:
        call.fields.done()
        row = self._gateway.payments.cancel(
            call.work, call.object_id, reason="merchant", at=call.at
        )
        return json_response(200, payment_shape(row))

    # Refunds and payouts

    def _create_refund(self, call: Call) -> Response:
        row = self._gateway.refunds.create(call.work, call.fields, at=call.at)
        call.work.after_commit(self._gateway.clearing.wake)
        return json_response(201, refund_shape(row))

    def _get_refund(self, call: Call) -> Response:
        return json_response(
            200, refund_shape(self._gateway.refunds.get(call.work, call.object_id))
        )

    def _find_refunds(self, call: Call) -> Response:
        column, value = _asked(call, "reference", "payment")
        rows = self._gateway.refunds.find(call.work, column=column, value=value)
        return _listing(rows, refund_shape)

    def _create_payout(self, call: Call) -> Response:
        row = self._gateway.payouts.create(call.work, call.fields, at=call.at)
        call.work.after_commit(self._gateway.clearing.wake)
        return json_response(201, payout_shape(row))

    def _get_payout(self, call: Call) -> Response:
        return json_response(
            200, payout_shape(self._gateway.payouts.get(call.work, call.object_id))
        )

    def _find_payouts(self, call: Call) -> Response:
        rows = self._gateway.payouts.find(call.work, _asked(call, "reference")[1])
        return _listing(rows, payout_shape)

    # Reconciliation

    def _list_events(self, call: Call) -> Response:
        query = call.request.query
        asked = query.get("limit", "100")
        if not re.fullmatch(r"[0-9]{1,4}", asked) or not 1 <= int(asked) <= MAX_PAGE:
            raise invalid("limit", f"must be between 1 and {MAX_PAGE}")
        return json_response(
            200, list_events(call.work, after=query.get("after") or None, limit=int(asked))
        )

    def _resend_event(self, call: Call) -> Response:
        call.fields.done()
        self._gateway.outbox.resend(call.work, at=call.at, event_id=call.object_id)
        return json_response(202, {"id": call.object_id, "object": "event", "resent": True})

    def _report(self, call: Call) -> Response:
        asked = call.request.query.get("date", "")
        try:
            day = datetime.strptime(asked, "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError as error:
            raise invalid("date", "a day as YYYY-MM-DD is required") from error
        return Response(
            status=200,
            body=daily_report(call.work, day).encode(),
            content_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="sandbox-{day}.csv"'},
        )

    # Test settings

    def _set_test(self, call: Call) -> Response:
        return json_response(200, set_behaviour(call.work, call.fields))

    def _get_test(self, call: Call) -> Response:
        return json_response(200, {"data": list_behaviours(call.work)})


def _asked(call: Call, *names: str) -> tuple[str, str]:
    """Return the first of the named query parameters that was given."""
    query = call.request.query
    for name in names:
        if query.get(name):
            return name, query[name]
    raise invalid(names[0], f"give {' or '.join(names)} in the query")


def _listing(rows: list[sqlite3.Row], shape: Callable[[sqlite3.Row], Shape]) -> Response:
    return json_response(200, {"data": [shape(row) for row in rows]})
