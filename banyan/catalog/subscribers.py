"""What follows in the catalogue from elsewhere, and what it tells those who work in a shop."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Meta
from banyan.moderation.events import CaseDecided, DecisionReviewed
from banyan.moderation.rules.reasons import SUSPEND
from banyan.notify import kinds
from banyan.notify.actions import notify
from banyan.notify.kinds import Happening

from .actions.shops import follow_owners
from .actions.staff import INVITED
from .events import ShopOpened, ShopRefused, StockLow
from .models import Shop, Variant
from .queries import staff_of

CONSUMER = "catalog.notices"
OWNERS = "catalog.follow_owners"


@events.subscribe(ShopOpened, consumer=CONSUMER)
def tell_opened(event: ShopOpened, meta: Meta) -> None:
    """Tell the owner that somebody else opened the shop: it was approved."""
    _tell(event.shop_id, "shop.opened", meta)


@events.subscribe(ShopRefused, consumer=CONSUMER)
def tell_refused(event: ShopRefused, meta: Meta) -> None:
    """Tell the owner that the shop was not approved, and why."""
    _tell(event.shop_id, "shop.refused", meta, reason=event.reason)


@events.subscribe(StockLow, consumer=CONSUMER)
def tell_low(event: StockLow, meta: Meta) -> None:
    """Tell everybody who works in the shop that little is left."""
    variant = Variant.objects.select_related("product__shop").get(pk=event.variant_id)
    product = variant.product
    for member in staff_of(event.shop_id):
        notify(
            recipient_id=member.account_id,
            kind="stock.low",
            group_key=f"stock.low:{variant.pk}",
            url=f"/studio/{product.shop.slug}/stock?show=low",
            data={"title": " ".join([product.title, *variant.values]), "free": event.free},
        )


@events.subscribe(CaseDecided, consumer=OWNERS)
def take_off_sale(event: CaseDecided, meta: Meta) -> None:
    """Take what a suspended member sells second-hand off sale."""
    if event.verdict == SUSPEND:
        follow_owners(actor=Actor.system(OWNERS))


@events.subscribe(DecisionReviewed, consumer=OWNERS)
def put_on_sale_again(event: DecisionReviewed, meta: Meta) -> None:
    """Put it on sale again when that was wrong; a suspension that ends is met by the job."""
    if event.upheld:
        follow_owners(actor=Actor.system(OWNERS))


def _tell(shop_id: int, kind: str, meta: Meta, **data: str) -> None:
    shop = Shop.objects.get(pk=shop_id)
    if meta.actor_id == shop.owner_id:
        return
    notify(
        recipient_id=shop.owner_id,
        kind=kind,
        group_key=f"shop:{shop.pk}",
        url=f"/studio/{shop.slug}/",
        data={"shop": shop.name, **data},
    )


def _opened(happening: Happening) -> str:
    return _("%(shop)s is approved and open.") % {"shop": happening.data["shop"]}


def _refused(happening: Happening) -> str:
    told = _("%(shop)s was not approved: %(reason)s")
    return told % {"shop": happening.data["shop"], "reason": happening.data["reason"]}


def _low(happening: Happening) -> str:
    free = int(happening.data["free"])
    if free < 1:
        return _("%(title)s is sold out.") % {"title": happening.data["title"]}
    told = ngettext("%(title)s: %(n)s left.", "%(title)s: %(n)s left.", free)
    return told % {"title": happening.data["title"], "n": free}


def _back(happening: Happening) -> str:
    return _("%(title)s is in stock again.") % {"title": happening.data["title"]}


kinds.register("stock.low", _low, icon="box", family="shop")
kinds.register("stock.back", _back, icon="box", family="reminders")
kinds.register("shop.opened", _opened, icon="shop", family="shop")
kinds.register("shop.refused", _refused, icon="shop", family="shop")


def _invited(happening: Happening) -> str:
    return _("%(shop)s would like you to work there.") % happening.data


kinds.register(INVITED, _invited, icon="shop", family="shop")
