"""The sandbox gateway: a process of its own that behaves like a real provider."""

from __future__ import annotations

import datetime as dt
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from standardwebhooks.webhooks import Webhook

from banyan.kernel.money import Money

from ..problems import ForgedMessage, ProviderRefused, UnreadableMessage
from ..rules import Reference
from .base import (
    Acknowledgement,
    Action,
    Capabilities,
    Charge,
    Kind,
    LedgerPlace,
    Message,
    PayoutOrder,
    ProviderState,
    RefundOrder,
    Started,
    Status,
)
from .transport import JsonClient

logger = logging.getLogger(__name__)

_STATUS = {
    "open": Status.PENDING,
    "pending": Status.PENDING,
    "succeeded": Status.SUCCEEDED,
    "paid": Status.SUCCEEDED,
    "cancelled": Status.CANCELLED,
    "failed": Status.FAILED,
}
# A refund to another destination travels as a payout; to us it stays a refund.
_NO_WEBHOOK = {"webhook_host_not_allowed", "idempotency_key_reused"}
_AS_REFUND = {Kind.PAYOUT_PAID: Kind.REFUND_SUCCEEDED, Kind.PAYOUT_FAILED: Kind.REFUND_FAILED}
_LONGEST_LIFE = 86_400


class SandboxProvider:
    """Speaks the API of ``docs/reference/sandbox-gateway.md``; settings ``SANDBOX_*``."""

    name = "sandbox"
    label = _("Test payment")
    capabilities = Capabilities(payouts=True, refund_elsewhere=True)

    def __init__(self) -> None:
        self._client = JsonClient()

    def ledger_place(self, *, payer_id: int | None) -> LedgerPlace:
        """Return the gateway's account."""
        return LedgerPlace(kind="gateway", owner_kind="provider", label=self.name)

    def start(
        self,
        charge: Charge,
        *,
        return_url: str,
        webhook_url: str,
        locale: str,
        context: Mapping[str, str],
    ) -> Started:
        """Open a payment; the payer goes to its page."""
        life = math.ceil((charge.expires_at - charge.started_at).total_seconds())
        body = {
            "amount": charge.money.amount,
            "currency": charge.money.currency,
            "reference": charge.reference,
            "return_url": return_url,
            "webhook_url": webhook_url,
            "description": charge.description[:500],
            "locale": locale,
            "expires_in": max(1, min(life, _LONGEST_LIFE)),
        }
        try:
            payment = self._post("/v1/payments", body, key=charge.idempotency_key)
        except ProviderRefused as refusal:
            if refusal.reason not in _NO_WEBHOOK:
                raise
            # Reached by a name the gateway does not know: it uses its own default, or none, and
            # the way back and the regular check find out. Another click may have got there
            # first; then the key is known with that body, and its payment is ours.
            logger.warning("the sandbox may not send webhooks to %s", webhook_url)
            del body["webhook_url"]
            payment = self._post("/v1/payments", body, key=charge.idempotency_key)
        return Started(
            provider_ref=payment["id"], action=Action(kind="redirect", url=payment["pay_url"])
        )

    def query(self, charge: Charge) -> ProviderState:
        """Read the payment."""
        return _payment_state(self._get("/v1/payments/", charge.provider_ref))

    def cancel(self, charge: Charge) -> ProviderState:
        """Cancel the payment, or say that it was paid."""
        try:
            path = f"/v1/payments/{quote(charge.provider_ref, safe='')}/cancel"
            return _payment_state(self._post(path, {}, key=f"{charge.reference}-cancel"))
        except ProviderRefused as refusal:
            if refusal.reason != "payment_not_open":
                raise
            return self.query(charge)

    def refund(self, order: RefundOrder) -> ProviderState:
        """Ask for a refund; to another destination it is a payout."""
        if order.destination:
            body = {
                "amount": order.money.amount,
                "currency": order.money.currency,
                "reference": order.reference,
                "destination": {"kind": "sandbox", "account": order.destination},
            }
            return _state(self._post("/v1/payouts", body, key=order.idempotency_key))
        body = {
            "payment": order.payment_ref,
            "amount": order.money.amount,
            "reference": order.reference,
            "reason": order.reason[:500],
        }
        return _state(self._post("/v1/refunds", body, key=order.idempotency_key))

    def query_refund(self, order: RefundOrder) -> ProviderState:
        """Read the refund."""
        kind = "payouts" if order.provider_ref.startswith("po_") else "refunds"
        return _state(self._get(f"/v1/{kind}/", order.provider_ref))

    def payout(self, order: PayoutOrder) -> ProviderState:
        """Ask for a payout. ``destination`` is {"account": text}."""
        body = {
            "amount": order.money.amount,
            "currency": order.money.currency,
            "reference": order.reference,
            "destination": {"kind": "sandbox", "account": str(order.destination["account"])},
        }
        return _state(self._post("/v1/payouts", body, key=order.idempotency_key))

    def query_payout(self, order: PayoutOrder) -> ProviderState:
        """Read the payout."""
        return _state(self._get("/v1/payouts/", order.provider_ref))

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Message]:
        """Verify a Standard Webhooks message and read its one event."""
        try:
            event = Webhook(settings.SANDBOX_SECRET).verify(body, dict(headers))
        except Exception as error:
            # Whatever the library makes of broken headers, the message is not to be believed.
            raise ForgedMessage(detail=repr(error)) from error
        try:
            return [_message(event)]
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableMessage(detail=repr(error)) from error

    def acknowledge(self, *, accepted: bool) -> Acknowledgement:
        """Any 2xx is acceptance."""
        return Acknowledgement() if accepted else Acknowledgement(status=503, body="later")

    def _post(self, path: str, body: Mapping[str, Any], *, key: str) -> Mapping[str, Any]:
        return self._call("POST", path, body, {"Idempotency-Key": key})

    def _get(self, path: str, ref: str) -> Mapping[str, Any]:
        return self._call("GET", path + quote(ref, safe=""), None, {})

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> Mapping[str, Any]:
        key = {"Authorization": f"Bearer {settings.SANDBOX_API_KEY}"}
        answer = self._client.call(
            method, settings.SANDBOX_URL + path, headers={**key, **headers}, body=body
        )
        if answer.status >= 400:
            detail = f"{method} {path}: {answer.status} {answer.body.get('detail', '')}"
            raise ProviderRefused(str(answer.body.get("code", answer.status)), detail=detail)
        return answer.body


def _time(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _payment_state(payment: Mapping[str, Any]) -> ProviderState:
    return ProviderState(
        status=_STATUS[payment["status"]],
        provider_ref=payment["id"],
        money=Money(payment["captured"], payment["currency"]),
        at=_time(payment["succeeded_at"] or payment["cancelled_at"]),
        failure=_failure(payment),
        raw=payment,
    )


def _state(thing: Mapping[str, Any]) -> ProviderState:
    """Read a refund or a payout."""
    return ProviderState(
        status=_STATUS[thing["status"]],
        provider_ref=thing["id"],
        money=Money(thing["amount"], thing["currency"]),
        at=_time(thing["settled_at"]),
        failure=_failure(thing),
        raw=thing,
    )


def _failure(thing: Mapping[str, Any]) -> str:
    last_error = thing.get("last_error") or {}
    return thing.get("cancel_reason") or thing.get("failure_code") or last_error.get("code") or ""


def _message(event: Mapping[str, Any]) -> Message:
    thing = event["data"]["object"]
    known = event["type"] in set(Kind)
    kind = Kind(event["type"]) if known else Kind.OTHER
    reference = Reference.parse(thing["reference"])
    if reference and reference.kind == "refund":
        kind = _AS_REFUND.get(kind, kind)
    state = _payment_state(thing) if thing["object"] == "payment" else _state(thing)
    return Message(
        message_id=event["id"],
        kind=kind,
        reference=thing["reference"],
        provider_ref=state.provider_ref,
        money=state.money,
        at=state.at or _time(event["created"]),
        failure=state.failure,
        raw=event,
    )
