"""Who is paid out in batches: members what they earned, shops what the platform owes them.

One machinery pays both (``payouts``); what differs stands here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db.models import Exists, F, QuerySet, Sum

from banyan.catalog.models import Shop
from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Event
from banyan.kernel.locks import LockKey
from banyan.kernel.states import transition
from banyan.ledger import actions as ledger
from banyan.ledger.actions import Book
from banyan.ledger.models import Account as LedgerAccount
from banyan.payments import providers
from banyan.people.models import Account

from .. import owing, rules
from ..events import (
    EarningsPaidOut,
    EarningsPayoutFailed,
    EarningsPayoutReturned,
    ShopPaidOut,
    ShopPayoutFailed,
    ShopPayoutReturned,
)
from ..models import Commission, PayoutItem
from ..states import COMMISSION
from ..telling import ask_owners_where, ask_where
from .destinations import places_of, places_of_shops
from .holds import charged_back

Place = Mapping[str, str]


class Payees(ABC):
    """One kind of those who are paid: whose account it is, what of it may leave, who is told.

    ``column`` is theirs in ``PayoutItem``, ``book`` the kind of their ledger account, ``kinds`` the
    kinds of their journals, ``told`` the event of each way that it can end.
    """

    column: str
    book: str
    kinds: Mapping[str, str]
    told: Mapping[str, type[Event]]

    @abstractmethod
    def payable(self, books: Sequence[LedgerAccount]) -> dict[int, int]:
        """Return what of their accounts may be paid out, by account id; exact under lock."""

    @abstractmethod
    def unpaid(self, owner_ids: Collection[int]) -> dict[int, str]:
        """Return who must not be paid now, with the reason's code."""

    @abstractmethod
    def places(self, provider: str, items: Sequence[PayoutItem]) -> Mapping[int, Place]:
        """Return by payee where their money goes, in the provider's terms."""

    @abstractmethod
    def ask_where(self, owner_ids: Collection[int]) -> None:
        """Tell payees that their money waits until they say where it goes."""

    def lock_keys(self, items: Sequence[PayoutItem]) -> list[LockKey]:
        """Return what else is locked before their money leaves or comes back."""
        return []

    @abstractmethod
    def cover(self, item: PayoutItem, amount: int, payable: int, locked: set[LockKey]) -> None:
        """Note what a payout of ``amount`` of what was ``payable`` is for."""

    @abstractmethod
    def settle(self, actor: Actor, item: PayoutItem, state: str) -> None:
        """Move what the payout is for to where its end (paid, failed, returned) leaves it."""

    def tell(self, actor: Actor, item: PayoutItem, state: str, **more: str) -> None:
        """Emit the event of how the payout ended."""
        said = {
            "item_id": item.pk,
            "batch_id": item.batch_id,
            f"{self.column}_id": item.owner_id,
            "amount": item.amount,
            "currency": item.currency,
        }
        events.emit(self.told[state](**said, **more), actor=actor)

    def books(self, items: Iterable[PayoutItem]) -> dict[tuple[int, str], Book]:
        """Return the payees' ledger accounts by payee and currency; made when missing."""
        wanted: dict[str, list[tuple[str, int]]] = {}
        for item in items:
            wanted.setdefault(item.currency, []).append((self.book, item.owner_id))
        return {
            (owner_id, currency): book
            for currency, pairs in wanted.items()
            for (_kind, owner_id), book in ledger.accounts(wanted=pairs, currency=currency).items()
        }


class Members(Payees):
    """Who earns: sharers, storefronts, and whoever opens a group."""

    column, book = "payee", "earner_payable"
    kinds = {
        "requested": "payout.requested",
        "failed": "payout.failed",
        "returned": "payout.returned",
    }
    told = {
        "paid": EarningsPaidOut,
        "failed": EarningsPayoutFailed,
        "returned": EarningsPayoutReturned,
    }

    def payable(self, books: Sequence[LedgerAccount]) -> dict[int, int]:
        """Leave what was earned with orders whose payment a bank has in hand."""
        theirs = _payable([book.owner_id for book in books])
        theirs = theirs.filter(Exists(charged_back("order__checkout__intent_id"))).order_by()
        sums = theirs.values_list("payee_id", "currency").annotate(
            n=Sum(F("amount") - F("reversed_amount"))
        )
        kept = {(payee, currency): n for payee, currency, n in sums}
        return {
            book.pk: max(book.balance - kept.get((book.owner_id, book.currency), 0), 0)
            for book in books
        }

    def unpaid(self, owner_ids: Collection[int]) -> dict[int, str]:
        """Leave out whose account is closed."""
        closed = Account.objects.filter(pk__in=owner_ids, is_active=False)
        return dict.fromkeys(closed.values_list("pk", flat=True), "account_closed")

    def places(self, provider: str, items: Sequence[PayoutItem]) -> Mapping[int, Place]:
        """Pay to the member's account at a provider; by hand to where they said."""
        ids = [item.owner_id for item in items]
        if providers.is_by_hand(provider):
            return places_of(ids)
        return {
            one.pk: {"account": one.handle, "name": one.display_name}
            for one in Account.objects.filter(pk__in=ids)
        }

    def ask_where(self, owner_ids: Collection[int]) -> None:
        """Tell the members."""
        ask_where(owner_ids)

    def lock_keys(self, items: Sequence[PayoutItem]) -> list[LockKey]:
        """Lock the commissions that travel with an item, or may travel with it."""
        travelling = Commission.objects.filter(payout_item__in=[item.pk for item in items])
        waiting = _payable([item.owner_id for item in items if item.state == "draft"])
        found = [*travelling.values_list("pk", flat=True), *waiting.values_list("pk", flat=True)]
        return [LockKey("commission", pk) for pk in found]

    def cover(self, item: PayoutItem, amount: int, payable: int, locked: set[LockKey]) -> None:
        """Mark the oldest commissions that the amount covers as travelling with the item."""
        mine = [
            each
            for each in _payable([item.owner_id]).filter(
                ~Exists(charged_back("order__checkout__intent_id")), currency=item.currency
            )
            if LockKey("commission", each.pk) in locked
        ]
        left = [each.amount - each.reversed_amount for each in mine]
        count = rules.covered(left, amount=amount, balance=payable)
        ids = [each.pk for each in mine[:count]]
        Commission.objects.filter(pk__in=ids).update(payout_item=item)

    def settle(self, actor: Actor, item: PayoutItem, state: str) -> None:
        """Let the commissions be paid, or payable again and travel with nothing."""
        if state == "paid":
            for each in item.commissions.filter(state="payable").order_by("id"):
                transition(COMMISSION, each, "paid", actor=actor, reason="paid out")
            return
        for each in item.commissions.filter(state="paid").order_by("id"):
            transition(COMMISSION, each, "payable", actor=actor, reason="the payout came back")
        item.commissions.filter(state="payable").update(payout_item=None)


class Shops(Payees):
    """What the platform owes shops and does not pass on to an account of their own."""

    column, book = "shop", owing.BOOK
    # What is passed on to an account of their own has kinds of its own.
    kinds = {
        "requested": "shop_payout.requested",
        "failed": "shop_payout.failed",
        "returned": "shop_payout.returned",
    }
    told = {
        "paid": ShopPaidOut,
        "failed": ShopPayoutFailed,
        "returned": ShopPayoutReturned,
    }

    def payable(self, books: Sequence[LedgerAccount]) -> dict[int, int]:
        """Leave what is not final; see ``owing.payable``."""
        return owing.payable(books)

    def unpaid(self, owner_ids: Collection[int]) -> dict[int, str]:
        """Leave out shops that are suspended, and those whose owner's account is closed."""
        shops = Shop.objects.filter(pk__in=owner_ids)
        closed = dict.fromkeys(
            shops.filter(owner__is_active=False).values_list("pk", flat=True), "account_closed"
        )
        suspended = shops.filter(state="suspended").values_list("pk", flat=True)
        return closed | dict.fromkeys(suspended, "suspended")

    def places(self, provider: str, items: Sequence[PayoutItem]) -> Mapping[int, Place]:
        """Pay to the shop's account at a provider; by hand to where its owner said."""
        ids = [item.owner_id for item in items]
        if providers.is_by_hand(provider):
            return places_of_shops(ids)
        return {
            one.pk: {"account": one.slug, "name": one.name}
            for one in Shop.objects.filter(pk__in=ids)
        }

    def ask_where(self, owner_ids: Collection[int]) -> None:
        """Tell the owners."""
        ask_owners_where(owner_ids)

    def cover(self, item: PayoutItem, amount: int, payable: int, locked: set[LockKey]) -> None:
        """Nothing: what is over is one sum, and no order of it has a state of its own."""

    def settle(self, actor: Actor, item: PayoutItem, state: str) -> None:
        """Nothing: the account says it all."""


MEMBERS, SHOPS = Members(), Shops()


def of_item(item: PayoutItem) -> Payees:
    """Return the kind of an item's payee."""
    return MEMBERS if item.shop_id is None else SHOPS


def _payable(payee_ids: Collection[int]) -> QuerySet[Commission]:
    """Return what is payable and not yet travelling, in the order it became due."""
    commissions = Commission.objects.filter(
        payee_id__in=payee_ids, state="payable", payout_item=None
    )
    return commissions.order_by("hold_until", "id")
