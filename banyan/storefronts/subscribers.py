"""Who is told of what happens in the pool: page owners, and those who work at the supplier."""

from __future__ import annotations

from django.utils.translation import gettext as _

from banyan.catalog.models import Product, ShopStaff, Variant
from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.notify import kinds
from banyan.notify.actions import notify
from banyan.notify.kinds import Happening

from .events import OfferNarrowed, OfferPaused, PoolSellerAnswered, PoolSellerAsked


@events.subscribe(OfferPaused, consumer="storefronts.tell")
def tell_of_a_pause(event: OfferPaused, meta: Meta) -> None:
    """Tell a page's owner that something is off their page, and why."""
    notify(
        recipient_id=event.owner_id,
        kind="offer.paused",
        group_key=f"offer.paused:{event.offer_id}",
        url="/me/storefront",
        data={"title": _title(event.product_id), "reason": event.reason},
    )


@events.subscribe(OfferNarrowed, consumer="storefronts.tell")
def tell_of_less(event: OfferNarrowed, meta: Meta) -> None:
    """Tell a page's owner which variants of something are off their page."""
    gone = Variant.objects.filter(pk__in=event.variant_ids).order_by("position", "id")
    notify(
        recipient_id=event.owner_id,
        kind="offer.paused",
        group_key=f"offer.paused:{event.offer_id}",
        url="/me/storefront",
        data={
            "title": _title(event.product_id),
            "reason": "narrowed",
            "variants": [" / ".join(one.values) for one in gone],
        },
    )


@events.subscribe(PoolSellerAsked, consumer="storefronts.tell")
def tell_of_an_asker(event: PoolSellerAsked, meta: Meta) -> None:
    """Tell the supplier's managers that somebody wants to sell."""
    staff = ShopStaff.objects.filter(shop_id=event.shop_id, role__in=["owner", "manager"])
    for account_id, slug in staff.values_list("account_id", "shop__slug"):
        notify(
            recipient_id=account_id,
            kind="pool.seller_asked",
            group_key=f"pool.seller_asked:{event.item_id}",
            url=f"/studio/{slug}/pool",
            actor_id=event.account_id,
            data={"title": _title(event.product_id)},
        )


@events.subscribe(PoolSellerAnswered, consumer="storefronts.tell")
def tell_the_asker(event: PoolSellerAnswered, meta: Meta) -> None:
    """Tell whoever asked what the supplier said."""
    notify(
        recipient_id=event.account_id,
        kind="pool.seller_answered",
        group_key=f"pool.seller_answered:{event.item_id}",
        url="/me/storefront/pool",
        data={"title": _title(event.product_id), "approved": event.approved},
    )


def _title(product_id: int) -> str:
    titles = Product.objects.filter(pk=product_id).values_list("title", flat=True)
    return titles.first() or ""


def _tell_paused(happening: Happening) -> str:
    if happening.data["reason"] == "narrowed":
        told = _("%(title)s: %(variants)s is off your page: the supplier took it out of the pool.")
        return told % {
            "title": happening.data["title"],
            "variants": ", ".join(happening.data["variants"]),
        }
    texts = {
        "below_minimum": _("%(title)s is off your page: its price is below the supplier's now."),
        "withdrawn": _("%(title)s is off your page: the supplier took it out of the pool."),
        "not_approved": _("%(title)s is off your page: the supplier no longer approves."),
    }
    return texts[happening.data["reason"]] % happening.data


def _tell_asked(happening: Happening) -> str:
    return _("%(who)s would like to sell %(title)s.") % {"who": happening.who, **happening.data}


def _tell_answered(happening: Happening) -> str:
    if happening.data["approved"]:
        return _("You may sell %(title)s on your page.") % happening.data
    return _("The supplier does not want you to sell %(title)s.") % happening.data


kinds.register("offer.paused", _tell_paused, icon="shop", family="shop")
kinds.register("pool.seller_asked", _tell_asked, icon="shop", family="shop")
kinds.register("pool.seller_answered", _tell_answered, icon="shop", family="shop")
