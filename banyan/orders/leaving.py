"""What must be settled before somebody who buys or sells leaves."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.kernel.personal import Person
from banyan.legal.ports import Obstacle
from banyan.payments.queries import open_chargebacks

from .models import Checkout, Order, OrderRefund, Return

OPEN = ("placed", "paid", "shipped")
OPEN_REFUNDS = ("requested", "processing", "failed")
OPEN_RETURNS = ("asked", "approved", "sent", "received")
MOST = 20


def open_orders(person: Person) -> list[Obstacle]:
    """Name every order, refund, return and chargeback that is not over, bought or sold."""
    found = []
    orders = Order.objects.filter(_whose(person, ""), state__in=OPEN).select_related("checkout")
    for order in orders.order_by("id")[:MOST]:
        text = _("Order %(number)s is not over yet.") % {"number": order.number}
        found.append(Obstacle("order", text, _page(order.checkout)))
    about = _whose(person, "order__")
    refunds = OrderRefund.objects.filter(about, state__in=OPEN_REFUNDS)
    for refund in refunds.select_related("order__checkout").order_by("id")[:MOST]:
        text = _("A refund of order %(number)s is not paid yet.") % {"number": refund.order.number}
        found.append(Obstacle("refund", text, _page(refund.order.checkout)))
    returns = Return.objects.filter(about, state__in=OPEN_RETURNS)
    for sent_back in returns.select_related("order__checkout").order_by("id")[:MOST]:
        text = _("A return of order %(number)s is not settled yet.")
        told = text % {"number": sent_back.order.number}
        found.append(Obstacle("return", told, _page(sent_back.order.checkout)))
    asked = Exists(open_chargebacks().filter(intent_id=OuterRef("checkout__intent_id")))
    claimed = Order.objects.filter(_whose(person, ""), asked).select_related("checkout")
    for order in claimed.order_by("id")[:MOST]:
        text = _("A bank has not decided yet about the payment of order %(number)s.")
        told = text % {"number": order.number}
        found.append(Obstacle("chargeback", told, _page(order.checkout)))
    return found


def _whose(person: Person, order: str) -> Q:
    if person.account_id is None:
        return Q(**{f"{order}checkout_id": person.guest_id or 0})
    bought = Q(**{f"{order}checkout__buyer_id": person.account_id})
    for contact in person.contacts:  # as a guest, which goes with the account, too
        email, phone = f"{order}checkout__contact_email", f"{order}checkout__contact_phone"
        named = Q(**{f"{email}__iexact": contact}) | Q(**{phone: contact})
        bought |= named & Q(**{f"{order}checkout__buyer_id": None})
    return bought | Q(**{f"{order}shop__owner_id": person.account_id})


def _page(checkout: Checkout) -> str:
    return reverse("purchase", args=[checkout.access_token])
