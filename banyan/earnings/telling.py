"""What payees are told: where their money goes has changed, or has yet to be said; how it went."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.catalog.access import MANAGERS
from banyan.catalog.models import Shop, ShopStaff
from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Meta
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money, format_money
from banyan.ledger.models import Account as Book
from banyan.notify import kinds
from banyan.notify.actions import notify_each, send
from banyan.notify.kinds import Happening
from banyan.people.models import Account

from .events import (
    EarningsPaidOut,
    EarningsPayoutFailed,
    EarningsPayoutReturned,
    ShopPaidOut,
    ShopPayoutFailed,
    ShopPayoutReturned,
)

CONSUMER = "earnings.telling"
WANTED = "earnings.destination_wanted"
SHOP_WANTED = "shop.destination_wanted"
SHOP_CHANGED = "shop.destination_changed"


def write_of_change(owner: Account, kind: str) -> None:
    """Write a letter to the member's contact; whoever has taken an account over changes this first.

    In the transaction of the change. It never holds the account itself.
    """
    _write(owner, kind, {"handle": owner.handle, "path": reverse("payout_destination")})


def write_to_owners(actor: Actor, shop: Shop, kind: str) -> None:
    """Write a letter to each of a shop's owners, and put it on the notices of its managers.

    In the transaction of the change, as :func:`write_of_change`.
    """
    path = reverse("studio_money_destination", args=[shop.slug])
    by = Account.objects.filter(pk=actor.id or 0).values_list("handle", flat=True).first()
    seats = ShopStaff.objects.filter(shop=shop).select_related("account").order_by("id")
    for seat in seats.filter(role="owner"):
        _write(seat.account, kind, {"handle": by or "", "shop": shop.name, "path": path})
    notify_each(
        recipient_ids=[seat.account_id for seat in seats.filter(role="manager")],
        kind=SHOP_CHANGED,
        group_key=f"{SHOP_CHANGED}:{shop.pk}",
        url=_money_room(shop),
        data={"shop": shop.name},
    )


def _write(to: Account, kind: str, context: dict[str, str]) -> None:
    channel, where = ("email", to.email) if to.email else ("sms", to.phone)
    if where:
        send(
            channel=channel,
            destination=where,
            kind=kind,
            context=context,
            language=to.language,
            key=f"{kind}:{to.pk}:{new_code(80)}",
        )


def ask_where(payee_ids: Collection[int]) -> None:
    """Tell payees that their earnings wait until they say where; one row until it is read."""
    if payee_ids:
        notify_each(
            recipient_ids=payee_ids,
            kind=WANTED,
            group_key=WANTED,
            url=reverse("payout_destination"),
        )


def ask_owners_where(shop_ids: Collection[int]) -> None:
    """Tell shops' owners that their shops' money waits; one row for each until it is read."""
    for shop in Shop.objects.filter(pk__in=shop_ids).order_by("id"):
        owners = ShopStaff.objects.filter(shop=shop, role="owner").order_by("id")
        notify_each(
            recipient_ids=list(owners.values_list("account_id", flat=True)),
            kind=SHOP_WANTED,
            group_key=f"{SHOP_WANTED}:{shop.pk}",
            url=reverse("studio_money_destination", args=[shop.slug]),
            data={"shop": shop.name},
        )


def tell_of_debt(book: Book, kind: str, money: Money, key: str) -> None:
    """Tell a member, or the owners and managers of a shop, that what they owed is settled.

    In the transaction that settles it.
    """
    data: dict[str, Any] = {"amount": money.amount, "currency": money.currency}
    if book.owner_kind == "account":
        to, url = [book.owner_id], reverse("statement")
    else:
        shop = Shop.objects.get(pk=book.owner_id)
        staff = ShopStaff.objects.filter(shop=shop, role__in=MANAGERS).order_by("id")
        to, url = list(staff.values_list("account_id", flat=True)), _money_room(shop)
        kind, data = f"shop_{kind}", {**data, "shop": shop.name}
    notify_each(recipient_ids=to, kind=kind, group_key=key, url=url, data=data)


def _money_room(shop: Shop) -> str:
    return reverse("studio_money", args=[shop.slug])


ToMember = EarningsPaidOut | EarningsPayoutFailed | EarningsPayoutReturned
ToShop = ShopPaidOut | ShopPayoutFailed | ShopPayoutReturned


def _tell_member(event: ToMember, meta: Meta) -> None:
    """Tell a member how a payout to them ended."""
    notify_each(
        recipient_ids=[event.payee_id],
        kind=event.name,
        group_key=f"{event.name}:{event.item_id}",
        url=reverse("statement"),
        data={"amount": event.amount, "currency": event.currency},
    )


def _tell_shop(event: ToShop, meta: Meta) -> None:
    """Tell the owners and managers of a shop how a payout to it ended."""
    shop = Shop.objects.get(pk=event.shop_id)
    staff = ShopStaff.objects.filter(shop=shop, role__in=MANAGERS).order_by("id")
    notify_each(
        recipient_ids=list(staff.values_list("account_id", flat=True)),
        kind=event.name,
        group_key=f"{event.name}:{event.item_id}",
        url=_money_room(shop),
        data={"amount": event.amount, "currency": event.currency, "shop": shop.name},
    )


def _wanted(happening: Happening) -> str:
    return _("Your earnings can be paid out. Say where they shall go.")


def _shop_wanted(happening: Happening) -> str:
    return _("What %(shop)s is owed can be paid out. Say where it shall go.") % _words(happening)


def _shop_changed(happening: Happening) -> str:
    return _("Where the money of %(shop)s goes has changed.") % _words(happening)


def _paid(happening: Happening) -> str:
    return _("%(money)s was paid out to you.") % _words(happening)


def _failed(happening: Happening) -> str:
    return _("%(money)s could not be sent to you. Look whether your account is right.") % _words(
        happening
    )


def _returned(happening: Happening) -> str:
    return _("Your bank sent %(money)s back to us. Look whether your account is right.") % _words(
        happening
    )


def _shop_paid(happening: Happening) -> str:
    return _("%(money)s was paid out to %(shop)s.") % _words(happening)


def _shop_failed(happening: Happening) -> str:
    return _(
        "%(money)s could not be sent to %(shop)s. Look whether its account is right."
    ) % _words(happening)


def _shop_returned(happening: Happening) -> str:
    return _(
        "The bank sent %(money)s for %(shop)s back to us. Look whether its account is right."
    ) % _words(happening)


def _debt_paid(happening: Happening) -> str:
    return _("%(money)s that you owed has arrived.") % _words(happening)


def _debt_let_go(happening: Happening) -> str:
    return _("You owe %(money)s no more: it was let go.") % _words(happening)


def _shop_debt_paid(happening: Happening) -> str:
    return _("%(money)s that %(shop)s owed has arrived.") % _words(happening)


def _shop_debt_let_go(happening: Happening) -> str:
    return _("%(shop)s owes %(money)s no more: it was let go.") % _words(happening)


def _words(happening: Happening) -> dict[str, Any]:
    words: dict[str, Any] = {"shop": happening.data.get("shop", "")}
    if "amount" in happening.data:
        words["money"] = format_money(
            Money(int(happening.data["amount"]), happening.data["currency"])
        )
    return words


_MEMBERS: dict[type[ToMember], Callable[[Happening], str]] = {
    EarningsPaidOut: _paid,
    EarningsPayoutFailed: _failed,
    EarningsPayoutReturned: _returned,
}
_SHOPS: dict[type[ToShop], Callable[[Happening], str]] = {
    ShopPaidOut: _shop_paid,
    ShopPayoutFailed: _shop_failed,
    ShopPayoutReturned: _shop_returned,
}
for _to_member, _said in _MEMBERS.items():
    events.subscribe(_to_member, consumer=CONSUMER)(_tell_member)
    kinds.register(_to_member.name, _said, icon="coin", family="orders")
for _to_shop, _said in _SHOPS.items():
    events.subscribe(_to_shop, consumer=CONSUMER)(_tell_shop)
    kinds.register(_to_shop.name, _said, icon="coin", family="shop")
kinds.register("debt.paid", _debt_paid, icon="coin", family="orders")
kinds.register("debt.let_go", _debt_let_go, icon="coin", family="orders")
kinds.register("shop_debt.paid", _shop_debt_paid, icon="coin", family="shop")
kinds.register("shop_debt.let_go", _shop_debt_let_go, icon="coin", family="shop")
kinds.register(WANTED, _wanted, icon="coin", family="orders")
kinds.register(SHOP_WANTED, _shop_wanted, icon="coin", family="shop")
kinds.register(SHOP_CHANGED, _shop_changed, icon="coin", family="shop")
