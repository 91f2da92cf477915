"""Whom sales tell: those whose turn it is, and those who work in the shop."""

from __future__ import annotations

from django.utils.translation import gettext as _

from banyan.catalog.queries import staff_of
from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.notify import kinds
from banyan.notify.actions import notify
from banyan.notify.kinds import Happening

from .events import SaleAdmitted, SaleEnded, SaleSoldOut
from .models import Sale

CONSUMER = "sales.tell"


@events.subscribe(SaleAdmitted, consumer=CONSUMER)
def tell_admitted(event: SaleAdmitted, meta: Meta) -> None:
    """Tell somebody in the waiting room that it is their turn."""
    sale = Sale.objects.get(pk=event.sale_id)
    notify(
        recipient_id=event.account_id,
        kind="sale.admitted",
        group_key=f"sale.admitted:{sale.pk}",
        url=f"/sale/{sale.pk}",
        data={"title": sale.title},
    )


@events.subscribe(SaleSoldOut, consumer=CONSUMER)
def tell_sold_out(event: SaleSoldOut, meta: Meta) -> None:
    """Tell the shop that a sale is sold out."""
    _tell_shop(event.sale_id, "sale.sold_out")


@events.subscribe(SaleEnded, consumer=CONSUMER)
def tell_ended(event: SaleEnded, meta: Meta) -> None:
    """Tell the shop that a sale is over."""
    _tell_shop(event.sale_id, "sale.ended")


def _tell_shop(sale_id: int, kind: str) -> None:
    sale = Sale.objects.select_related("shop").get(pk=sale_id)
    for member in staff_of(sale.shop_id):
        notify(
            recipient_id=member.account_id,
            kind=kind,
            group_key=f"{kind}:{sale.pk}",
            url=f"/studio/{sale.shop.slug}/sales/{sale.pk}",
            data={"title": sale.title},
        )


def _admitted(happening: Happening) -> str:
    return _("It is your turn: %(title)s.") % {"title": happening.data["title"]}


def _ending(happening: Happening) -> str:
    return _("%(title)s: two minutes are left to order what you have taken.") % {
        "title": happening.data["title"]
    }


def _released(happening: Happening) -> str:
    return _("%(title)s: your unit was not ordered in time and is free for others again.") % {
        "title": happening.data["title"]
    }


def _unpaid(happening: Happening) -> str:
    return _("%(title)s: two minutes are left to pay for your order.") % {
        "title": happening.data["title"]
    }


def _lapsed(happening: Happening) -> str:
    told = _("%(title)s: your order was not paid in time. What it kept is free for others again.")
    return told % {"title": happening.data["title"]}


def _sold_out(happening: Happening) -> str:
    return _("%(title)s is sold out.") % {"title": happening.data["title"]}


def _ended(happening: Happening) -> str:
    return _("%(title)s is over. Here is how it went.") % {"title": happening.data["title"]}


kinds.register("sale.admitted", _admitted, icon="clock", family="reminders")
kinds.register("sale.ending", _ending, icon="clock", family="reminders")
kinds.register("sale.released", _released, icon="clock", family="reminders")
kinds.register("sale.unpaid", _unpaid, icon="clock", family="reminders")
kinds.register("sale.lapsed", _lapsed, icon="clock", family="reminders")
kinds.register("sale.sold_out", _sold_out, icon="box", family="shop")
kinds.register("sale.ended", _ended, icon="chart", family="shop")
