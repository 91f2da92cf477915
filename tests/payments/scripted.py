"""A provider that says what a test wants it to say: for what no honest gateway does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.payments.problems import ForgedMessage, ProviderRefused, ProviderUnreachable
from banyan.payments.providers.base import (
    Acknowledgement,
    Action,
    Capabilities,
    Charge,
    ChargebackState,
    Kind,
    LedgerPlace,
    Message,
    PayoutOrder,
    ProviderState,
    RefundOrder,
    Started,
    Status,
)

ENTRY = "scripted=tests.payments.scripted:ScriptedProvider"


class Script:
    """What the provider does next, and what it was asked."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.action = Action(kind="redirect", url="https://pay.example/")
        self.status = Status.PENDING
        self.money: Money | None = None
        self.refund_status = Status.PENDING
        self.away = False
        self.refuses = ""
        self.chargebacks: dict[str, ChargebackState] = {}

    def asked(self, verb: str) -> list[Any]:
        return [what for name, what in self.calls if name == verb]

    def answer(self, verb: str, what: Any) -> None:
        self.calls.append((verb, what))
        if self.away:
            raise ProviderUnreachable(detail="scripted")
        if self.refuses:
            raise ProviderRefused(self.refuses)


script = Script()


class ScriptedProvider:
    """Follows ``script``; takes any message whose body says it is honest."""

    name = "scripted"
    label = "Scripted"
    capabilities = Capabilities(payouts=True)

    def ledger_place(self, *, payer_id: int | None) -> LedgerPlace:
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
        script.answer("start", (charge, return_url, webhook_url, locale))
        return Started(provider_ref=f"ref-{charge.reference}", action=script.action)

    def query(self, charge: Charge) -> ProviderState:
        script.answer("query", charge)
        return self._payment(charge, script.status)

    def cancel(self, charge: Charge) -> ProviderState:
        script.answer("cancel", charge)
        paid = script.status == Status.SUCCEEDED
        return self._payment(charge, script.status if paid else Status.CANCELLED)

    def refund(self, order: RefundOrder) -> ProviderState:
        script.answer("refund", order)
        return self._moved(order.reference, order.money)

    def query_refund(self, order: RefundOrder) -> ProviderState:
        script.answer("query_refund", order)
        return self._moved(order.reference, order.money)

    def payout(self, order: PayoutOrder) -> ProviderState:
        script.answer("payout", order)
        return self._moved(order.reference, order.money)

    def query_payout(self, order: PayoutOrder) -> ProviderState:
        script.answer("query_payout", order)
        return self._moved(order.reference, order.money)

    def query_chargeback(self, ref: str) -> ChargebackState:
        script.answer("query_chargeback", ref)
        return script.chargebacks[ref]

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Message]:
        told = json.loads(body)
        if not told.pop("honest", False):
            raise ForgedMessage(detail="scripted")
        amount = told.pop("amount", None)
        money = None if amount is None else Money(amount, told.pop("currency", "CNY"))
        kind = Kind(told.pop("kind"))
        return [Message(kind=kind, money=money, at=clock.now(), **told)]

    def acknowledge(self, *, accepted: bool) -> Acknowledgement:
        return Acknowledgement(status=200 if accepted else 503)

    def _payment(self, charge: Charge, status: Status) -> ProviderState:
        return ProviderState(
            status=status,
            provider_ref=charge.provider_ref,
            money=script.money or charge.money,
            at=clock.now(),
        )

    def _moved(self, ref: str, money: Money) -> ProviderState:
        return ProviderState(status=script.refund_status, provider_ref=f"ref-{ref}", money=money)
