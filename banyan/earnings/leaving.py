"""What must be settled before somebody who earns leaves."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.catalog.models import Shop
from banyan.kernel.money import Money, format_money
from banyan.kernel.personal import Person
from banyan.ledger import queries as ledger
from banyan.legal.ports import Obstacle

from .models import Commission, PayoutItem
from .owing import BOOK
from .states import HELD_STATES


def open_earnings(person: Person) -> list[Obstacle]:
    """Tell of earnings that are not payable yet, and of payouts under way.

    Payable money is told by its account; that of one's shops here.
    """
    payee = person.account_id or 0
    found = []
    if Commission.objects.filter(payee_id=payee, state__in=HELD_STATES).exists():
        text = _("You have earnings whose orders are not over yet.")
        found.append(Obstacle("earnings", text, reverse("earnings")))
    if PayoutItem.objects.filter(payee_id=payee, state="submitted").exists():
        text = _("A payout to you is under way.")
        found.append(Obstacle("payout", text, reverse("earnings")))
    return found + [one for shop in _own_shops(payee) for one in _open_money(shop)]


def _own_shops(account_id: int) -> list[Shop]:
    return list(Shop.objects.filter(owner_id=account_id).order_by("id"))


def _open_money(shop: Shop) -> Iterator[Obstacle]:
    """Yield what the platform owes a shop, or it the platform, and a payout to it under way."""
    place = reverse("studio_money", args=[shop.slug])
    for book in ledger.accounts_of(owner_kind="shop", owner_id=shop.pk):
        if book.kind != BOOK or not book.balance:
            continue
        text = (
            _("%(money)s is owed to your shop “%(shop)s”. Have it paid out first.")
            if book.balance > 0
            else _("Your shop “%(shop)s” owes %(money)s. Please settle it with us first.")
        )
        told = format_money(Money(abs(book.balance), book.currency))
        yield Obstacle("shop_money", text % {"money": told, "shop": shop.name}, place)
    if PayoutItem.objects.filter(shop=shop, state="submitted").exists():
        text = _("A payout to your shop “%(shop)s” is under way.")
        yield Obstacle("shop_payout", text % {"shop": shop.name}, place)
