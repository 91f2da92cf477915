"""Flash sales that have been, are and will be; and a shelf on which something is always short."""

from __future__ import annotations

import datetime as dt
from typing import Any

from banyan.catalog import actions as catalog
from banyan.catalog.models import Stock, Variant
from banyan.catalog.reminders import BACK
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.notify.actions import remind
from banyan.orders import actions as orders
from banyan.sales import actions as sales
from banyan.sales.models import Sale

from . import wares
from .stage import SYSTEM, Stage, Till, first_variant

PRICE = 12_800
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


class Launches:
    """Tells of one cup in four glazes."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.shop = stage.shop("kiln")
        self.owner = stage.owner(self.shop)
        self.till = Till("launch", stage.today)

    def tell_all(self) -> None:
        """Tell it."""
        self.stage.tell("flash sales and the shelf")
        with clock.at(self.stage.at(0.4)):
            cup = self.stage.make(
                wares.TUMBLER,
                *(
                    catalog.VariantInput(price=PRICE, values=[glaze], on_hand=60)
                    for glaze in wares.GLAZES
                ),
            )
            catalog.publish_product(actor=self.owner, product_id=cup.pk)
        white, blue, moss, ash = Variant.objects.filter(product=cup).order_by("id")
        self._ended(white)
        self._shelf(white, moss, ash)
        self._running(blue)
        self._coming()

    def _plan(self, variant: Variant, title: str, starts_at: dt.datetime, **more: Any) -> Sale:
        """Publish a sale of one thing at six tenths of its price."""
        units = {name: more.pop(name) for name in ("public", "code", "fans") if name in more}
        item = sales.ItemInput(variant.pk, variant.price_amount * 6 // 10, **units)
        data = sales.SaleInput(title=title, starts_at=starts_at, items=[item], **more)
        draft = sales.plan_sale(actor=self.owner, shop_id=self.shop.pk, data=data)
        if fans := units.get("fans"):
            handles = ("ana", "noor", "kai")[:fans]
            sales.list_fans(actor=self.owner, sale_id=draft.pk, handles=handles)
        return sales.publish_sale(actor=self.owner, sale_id=draft.pk)

    def _advance(self, sale: Sale) -> None:
        sale.refresh_from_db()
        sales.advance_sale(actor=SYSTEM, sale=sale)

    def _buys(self, handle: str, sale: Sale, variant: Variant) -> None:
        who = self.stage.member(handle)
        sales.claim(actor=who, sale_id=sale.pk, variant_id=variant.pk)
        self.till.sell(who, orders.WantedLine(variant.pk))

    def _ended(self, variant: Variant) -> None:
        begins = self.stage.at(0.6)
        with clock.at(begins - DAY):
            sale = self._plan(variant, "White night", begins, ends_at=begins + DAY, public=6)
        with clock.at(begins + HOUR):
            self._advance(sale)
            for handle in ("ben", "mei", "juno", "oki"):
                self._buys(handle, sale, variant)
        with clock.at(begins + DAY + HOUR):
            self._advance(sale)

    def _running(self, variant: Variant) -> None:
        begins = self.stage.today - 2 * HOUR
        with clock.at(begins - HOUR):
            sale = self._plan(
                variant,
                "Blue hours",
                begins,
                ends_at=begins + 14 * DAY,
                public=12,
                code=6,
                fans=3,
                per_person=2,
            )
            batch = sales.issue_codes(
                actor=self.owner,
                sale_id=sale.pk,
                variant_id=variant.pk,
                channel="The letter to our friends",
                count=5,
            )
        with clock.at(begins + HOUR):
            self._advance(sale)
            for handle in ("kai", "wren"):
                self._buys(handle, sale, variant)
            code = sales.codes_of(actor=self.owner, batch_id=batch.pk)[0].code
            sales.enter_code(actor=self.stage.member("ida"), sale_id=sale.pk, code=code)
            self.till.sell(self.stage.member("ida"), orders.WantedLine(variant.pk))

    def _coming(self) -> None:
        """The day after tomorrow, with a waiting room."""
        begins = self.stage.today.replace(minute=0, second=0, microsecond=0) + 2 * DAY
        teapot = first_variant(self.stage.goods(self.shop)[1])
        with clock.at(self.stage.today - HOUR):
            stock = Stock.objects.get(variant=teapot)
            catalog.set_on_hand(actor=self.owner, variant_id=teapot.pk, on_hand=stock.on_hand + 20)
            self._plan(
                teapot,
                "First tea",
                begins,
                ends_at=begins + DAY,
                public=15,
                admission="queue",
                first_seconds=60,
                at_once=10,
            )

    def _shelf(self, white: Variant, low: Variant, gone: Variant) -> None:
        """Some lie in the cellar, of one glaze little is left, and of another nothing."""
        with clock.at(self.stage.at(0.96)):
            cellar = catalog.add_location(actor=self.owner, shop_id=self.shop.pk, name="The cellar")
            catalog.transfer(
                actor=self.owner,
                variant_id=white.pk,
                quantity=20,
                source_id=None,
                target_id=cellar.pk,
            )
            catalog.set_low_stock_of_shop(actor=self.owner, shop_id=self.shop.pk, low_at=5)
            self._leave(low, 3)
            self._leave(gone, 0)
            ana, lena = self.stage.member("ana"), self.stage.member("lena")
            guest = Actor.guest("demolaunch01")
            for who, contact in ((ana, ""), (lena, ""), (guest, "wish@example.com")):
                remind(actor=who, kind=BACK, subject_id=gone.pk, contact=contact)
            catalog.watch_stock(actor=SYSTEM)

    def _leave(self, variant: Variant, free: int) -> None:
        stock = Stock.objects.get(variant=variant)
        kept = stock.allocated + stock.reserved + stock.held
        catalog.set_on_hand(actor=self.owner, variant_id=variant.pk, on_hand=kept + free)
