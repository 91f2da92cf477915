"""The desk's own pages: what waits, an order's whole story, the key rings."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from banyan.insights.stories import find_orders, story_of_order
from banyan.kernel.keyrings import Ring, keys
from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound
from banyan.orders.access import get_order_for_staff
from banyan.orders.models import Order
from banyan.orders.stories import order_for_story

from ..http import actor
from .home import sections
from .rows import address_of

TOPICS = ("share", "price", "stock", "order", "payment", "parcel", "message", "earning", "book",
          "refund", "staff")  # fmt: skip

PURPOSES = {
    Ring.COOKIES: gettext_lazy("Signed cookies and form tokens"),
    Ring.WEBHOOKS: gettext_lazy("Signed outgoing messages"),
    Ring.DRAWS: gettext_lazy("Sealed seeds of draws"),
    Ring.STREAMS: gettext_lazy("Tickets to live pages"),
    Ring.ANSWERS: gettext_lazy("Kept answers to repeated requests"),
    Ring.INVITES: gettext_lazy("Invitations to work in a shop"),
    Ring.DELIVERY: gettext_lazy("Licence keys, voucher codes and links to files"),
    Ring.PAYERS: gettext_lazy("The way to WeChat and back"),
    Ring.PUSH: gettext_lazy("Keys for notices in browsers"),
    Ring.CONTACTS: gettext_lazy("Fingerprints of contacts in address books"),
    Ring.EXPERIMENTS: gettext_lazy("Who sees which arm of an experiment"),
    Ring.PREVIEWS: gettext_lazy("Links to trials of campaigns"),
    Ring.PERSONS: gettext_lazy("Fingerprints by which accounts of one person are found"),
    Ring.PAYOUTS: gettext_lazy("Where earnings go"),
}


def page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Draw a page of the desk in its frame."""
    return TemplateResponse(
        request, f"desk/{template}", {**admin.site.each_context(request), **context}
    )


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for a person, for the actor's roles."""
    return page(request, "home.html", {"title": _("What waits"), "sections": sections(request)})


def _may_read_orders(request: HttpRequest) -> None:
    if not actor(request).has_role("support", "finance"):
        raise NotFound()


@require_safe
def find_order(request: HttpRequest) -> HttpResponse:
    """Find an order by whatever somebody has in hand; one find leads straight to its story."""
    _may_read_orders(request)
    text = request.GET.get("q", "").strip()
    found = find_orders(text)
    if len(found) == 1:
        return redirect("admin:order_story", found[0].number)
    context = {"title": _("Find an order"), "text": text, "found": [_row(each) for each in found]}
    return page(request, "find.html", context)


def _row(order: Order) -> dict[str, Any]:
    checkout = order.checkout
    return {
        "order": order,
        "buyer": f"@{checkout.buyer.handle}" if checkout.buyer else _("guest"),
        "total": Money(order.total_amount, order.currency),
    }


@require_safe
def order_story(request: HttpRequest, number: str) -> HttpResponse:
    """Show everything that happened to one order, in one timeline."""
    _may_read_orders(request)
    order = order_for_story(number)
    if order is None:
        raise NotFound()
    get_order_for_staff(actor(request), order.pk)
    story = story_of_order(order)
    chosen = request.GET.get("only", "")
    shown = [
        (chapter, address_of(request, chapter.row))
        for chapter in story.chapters
        if chosen not in TOPICS or chapter.topic == chosen
    ]
    context = {
        "title": _("Order %(number)s") % {"number": order.number},
        "order": order,
        "order_url": address_of(request, ("order", order.pk)),
        "facts": _facts(order),
        "chapters": shown,
        "siblings": story.siblings,
        "topics": [
            (name, text, name == chosen)
            for name, text in _topics()
            if any(chapter.topic == name for chapter in story.chapters)
        ],
        "chosen": chosen if chosen in TOPICS else "",
        "unbalanced": any(chapter.balanced is False for chapter in story.chapters),
        "journals": sum(chapter.balanced is not None for chapter in story.chapters),
    }
    return page(request, "story.html", context)


def _facts(order: Order) -> list[tuple[str, Any]]:
    checkout = order.checkout
    contact = checkout.contact_email or checkout.contact_phone
    facts: list[tuple[str, Any]] = [
        (_("Shop"), order.shop.name),
        (_("Buyer"), f"@{checkout.buyer.handle}" if checkout.buyer else _("guest")),
        (_("Contact"), contact or "–"),
        (_("Purchase"), checkout.number),
        (_("State"), order.state),
        (_("Total"), Money(order.total_amount, order.currency)),
    ]
    if order.refunded_amount:
        facts.append((_("Refunded"), Money(order.refunded_amount, order.currency)))
    return facts


def _topics() -> list[tuple[str, str]]:
    return [
        ("share", _("Shares")),
        ("price", _("Price")),
        ("stock", _("Stock")),
        ("order", _("Order")),
        ("payment", _("Payment")),
        ("parcel", _("Parcels")),
        ("message", _("Messages")),
        ("earning", _("Earnings")),
        ("book", _("Books")),
        ("refund", _("Refunds")),
        ("staff", _("Staff")),
    ]


@require_safe
def key_rings(request: HttpRequest) -> HttpResponse:
    """Show which key rings there are and how many keys open them; never a key."""
    if not actor(request).has_role("owner"):
        raise NotFound()
    rings = [
        (ring.value, PURPOSES[ring], [_fingerprint(key) for key in keys(ring)]) for ring in Ring
    ]
    return page(request, "keys.html", {"title": _("Key rings"), "rings": rings})


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:8]
