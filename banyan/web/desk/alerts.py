"""What staff are told of, because it waits for a person; each leads to its list on the desk."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from django.utils.translation import ngettext

from banyan.catalog.events import ShopAsked
from banyan.kernel import events
from banyan.kernel.events import Event, Meta
from banyan.market.events import DisputeOpened
from banyan.notify import kinds
from banyan.notify.actions import notify
from banyan.notify.kinds import Happening
from banyan.orders.events import RefundHelpAsked
from banyan.payments.events import ChargebackOpened, PaymentUnplaced, PayoutFailed, RefundFailed
from banyan.people.queries import staff_with
from banyan.trust.events import CircleFound

CONSUMER = "desk.alerts"
_FAILED = "?state__exact=failed"


def _refund_failed(n: int) -> str:
    return ngettext(
        "A refund failed and needs another destination.",
        "%(n)d refunds failed and need another destination.",
        n,
    ) % {"n": n}


def _help_asked(n: int) -> str:
    return ngettext(
        "A buyer asks support where a failed refund can go.",
        "%(n)d buyers ask support where failed refunds can go.",
        n,
    ) % {"n": n}


def _unplaced(n: int) -> str:
    return ngettext(
        "A payment came for something that is gone; it is sent back.",
        "%(n)d payments came for something that is gone; they are sent back.",
        n,
    ) % {"n": n}


def _shop_asked(n: int) -> str:
    return ngettext(
        "A shop waits for approval.", "%(n)d times a shop asked for approval.", n
    ) % {"n": n}  # fmt: skip


def _payout_failed(n: int) -> str:
    return ngettext("A payout came back.", "%(n)d payouts came back.", n) % {"n": n}


def _dispute_opened(n: int) -> str:
    return ngettext(
        "A buyer asks for a decision.", "%(n)d buyers ask for a decision.", n
    ) % {"n": n}  # fmt: skip


def _chargeback(n: int) -> str:
    return ngettext(
        "A payer's bank takes a payment back: answer at the provider.",
        "%(n)d payments are taken back by payers' banks: answer at the provider.",
        n,
    ) % {"n": n}


def _circle_found(n: int) -> str:
    return ngettext(
        "People buy through each other in a circle.",
        "%(n)d times people were found who buy through each other in a circle.",
        n,
    ) % {"n": n}


# event -> (kind, roles that are told, the list it leads to, its filter, the words)
Alert = tuple[str, tuple[str, ...], str, str, Callable[[int], str]]
ALERTS: dict[type[Event], Alert] = {
    RefundFailed: (
        "desk.refund_failed", ("support",), "payments_refund", _FAILED, _refund_failed),
    RefundHelpAsked: (
        "desk.help_asked", ("support",), "orders_orderrefund", _FAILED, _help_asked),
    PaymentUnplaced: (
        "desk.unplaced", ("support",), "payments_intent",
        "?state__exact=captured_unplaced", _unplaced),
    ShopAsked: (
        "desk.shop_asked", ("moderation",), "catalog_shop", "?state__exact=pending", _shop_asked),
    PayoutFailed: (
        "desk.payout_failed", ("finance",), "payments_payout", _FAILED, _payout_failed),
    DisputeOpened: (
        "desk.dispute", ("support",), "market_dispute", "?state__exact=open", _dispute_opened),
    ChargebackOpened: (
        "desk.chargeback", ("support", "finance"), "payments_chargeback", "", _chargeback),
    CircleFound: (
        "desk.circle_found", ("moderation",), "trust_circle", "?state__exact=open",
        _circle_found),
}  # fmt: skip


def _listen(event_type: type[Event], alert: Alert) -> None:
    kind, roles, place, query, words = alert

    def tell(event: Event, meta: Meta) -> None:
        url = str(reverse(f"admin:{place}_changelist")) + query
        for account_id in staff_with(*roles):
            notify(recipient_id=account_id, kind=kind, group_key=kind, url=url)

    def told(happening: Happening) -> str:
        return words(happening.n)

    events.subscribe(event_type, consumer=CONSUMER)(tell)
    kinds.register(kind, told, icon="shield", family="shop")


for _event, _alert in ALERTS.items():
    _listen(_event, _alert)
