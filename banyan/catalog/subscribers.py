"""What the catalogue tells a shop's owner about the platform's decisions."""

from __future__ import annotations

from django.utils.translation import gettext as _

from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.notify import kinds
from banyan.notify.actions import notify
from banyan.notify.kinds import Happening

from .actions.staff import INVITED
from .events import ShopOpened, ShopRefused
from .models import Shop

CONSUMER = "catalog.notices"


@events.subscribe(ShopOpened, consumer=CONSUMER)
def tell_opened(event: ShopOpened, meta: Meta) -> None:
    """Tell the owner that somebody else opened the shop: it was approved."""
    _tell(event.shop_id, "shop.opened", meta)


@events.subscribe(ShopRefused, consumer=CONSUMER)
def tell_refused(event: ShopRefused, meta: Meta) -> None:
    """Tell the owner that the shop was not approved, and why."""
    _tell(event.shop_id, "shop.refused", meta, reason=event.reason)


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


kinds.register("shop.opened", _opened, icon="shop")
kinds.register("shop.refused", _refused, icon="shop")


def _invited(happening: Happening) -> str:
    return _("%(shop)s would like you to work there.") % happening.data


kinds.register(INVITED, _invited, icon="shop")
