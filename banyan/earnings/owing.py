"""What of a shop's money is of orders that are over, and what of that can be paid out now."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from banyan.ledger import queries as ledger
from banyan.ledger.models import Account as Book
from banyan.orders.models import Order, OrderRefund, Return
from banyan.orders.ports import argued_about
from banyan.orders.queries import still_returnable
from banyan.orders.states import OPEN_RETURN
from banyan.payments.models import PaymentRequest, Payout, PayoutReturn
from banyan.payments.queries import open_chargebacks
from banyan.payments.rules import REQUEST

from .models import Commission
from .ports import still_owed

BOOK = "shop_payable"
SPLIT = "order_split"
"""The kind of subject of a payout that passes a part of an order on."""


def not_over(shop_ids: Collection[int]) -> QuerySet[Order]:
    """Return orders that are paid and not received, or that somebody asks something about."""
    asked = OrderRefund.objects.filter(order_id=OuterRef("pk"), state="requested")
    coming = Return.objects.filter(order_id=OuterRef("pk"), state__in=OPEN_RETURN)
    bank = open_chargebacks().filter(intent_id=OuterRef("checkout__intent_id"))
    under_way = Q(state__in=["paid", "shipped"]) | Exists(asked) | Exists(coming) | Exists(bank)
    return Order.objects.filter(under_way | argued_about(), shop_id__in=shop_ids)


def about(orders: QuerySet[Order]) -> Q:
    """Return the condition of postings that are about orders."""
    ids = orders.values("pk")
    parts = Payout.objects.filter(subject_kind=SPLIT, subject_id__in=ids)
    subjects: dict[str, QuerySet[Any]] = {
        "order": orders,
        "order_refund": OrderRefund.objects.filter(order_id__in=ids),
        "commission": Commission.objects.filter(order_id__in=ids),
        "payout": parts,
        "payout_return": PayoutReturn.objects.filter(payout__in=parts),
    }
    found = Q()
    for kind, rows in subjects.items():
        found |= Q(journal__subject_kind=kind, journal__subject_id__in=rows.values("pk"))
    return found


def payable(books: Iterable[Book]) -> dict[int, int]:
    """Return what of shops' accounts can be paid out now, by account id; never below zero.

    It stays what is of orders that are not over, or whose time to send goods back is not, and of
    payments that were asked for and that a payer's bank has in hand; and so does what others are
    yet to have of the shop's money. A debt is set against the rest. Exact while the accounts are
    locked. Four queries.
    """
    books = list(books)
    shop_ids = {book.owner_id for book in books}
    kept = ledger.posted(books, about(_not_final(shop_ids)) | _in_hand(shop_ids))
    promised = still_owed(shop_ids)
    found = {}
    for book in books:
        # What is below zero of what stays is a debt all the same: it never adds to the rest.
        stays = max(kept[book.pk], 0) + promised.get((book.owner_id, book.currency), 0)
        found[book.pk] = max(book.balance - stays, 0)
    return found


def _not_final(shop_ids: Collection[int]) -> QuerySet[Order]:
    returnable = Order.objects.filter(still_returnable(), shop_id__in=shop_ids)
    either = Q(pk__in=not_over(shop_ids).values("pk")) | Q(pk__in=returnable.values("pk"))
    return Order.objects.filter(either)


def _in_hand(shop_ids: Collection[int]) -> Q:
    bank = open_chargebacks().filter(intent_id=OuterRef("intent_id"))
    asked = PaymentRequest.objects.filter(Exists(bank), payee_kind="shop", payee_id__in=shop_ids)
    return Q(journal__subject_kind=REQUEST, journal__subject_id__in=asked.values("pk"))
