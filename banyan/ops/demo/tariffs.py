"""What shops ask and give up: price lists, ways of delivery, tax, and coupons of every class."""

from __future__ import annotations

import datetime as dt
from typing import Any

from banyan.catalog import actions as catalog
from banyan.catalog.models import ShippingZone, Variant
from banyan.entitlements import actions as coupons
from banyan.entitlements.models import Coupon
from banyan.entitlements.rules import (
    CheapestFree,
    FixedPrice,
    FreeShipping,
    MinQuantity,
    MinSpend,
    NewCustomer,
    PercentOff,
)
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.orders.actions.pointing import ripen_due

from .stage import SYSTEM, Stage, Till, want

HOLDERS = ("ana", "ben", "noor", "kai", "mei")
BERLIN = {
    "recipient": "Demo Person",
    "country": "DE",
    "street": "Demostrasse 1",
    "postcode": "10115",
    "level2": "Berlin",
}
EUROPE = ("DE", "FR", "IT", "NL", "AT")


class Tariffs:
    """Tells of one shop's prices, and of coupons of the platform and of shops."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.shop = stage.shop("kiln")
        self.owner = stage.owner(self.shop)
        self.till = stage.staff["demo_till"]

    def tell_all(self) -> None:
        """Tell it; old orders keep what they were placed with."""
        self.stage.tell("prices, delivery, tax, coupons")
        with clock.at(self.stage.at(0.985)):
            self._prices()
            self._delivery()
            self._of_platform()
            self._of_shop()
        with clock.at(self.stage.at(0.99)):
            ripen_due(actor=SYSTEM)
            self._used()

    def _prices(self) -> None:
        variants = list(
            Variant.objects.filter(product__shop=self.shop, is_active=True).order_by("id")
        )
        members = [catalog.RowInput(v.pk, v.price_amount * 9 // 10) for v in variants[:2]]
        members += [catalog.RowInput(v.pk, v.price_amount * 8 // 10, 3) for v in variants[:2]]
        self._list("Members", self.shop.currency, "members", members)
        self._list("Friends of the kiln", self.shop.currency, "accounts", members[:1], ("noor",))
        # About what it is worth, and a round figure.
        euros = [catalog.RowInput(v.pk, v.price_amount // 800 * 100 + 90) for v in variants]
        self._list("In euros", "EUR", "everyone", euros)

    def _list(
        self,
        name: str,
        currency: str,
        audience: str,
        rows: list[catalog.RowInput],
        handles: tuple[str, ...] = (),
    ) -> None:
        made = catalog.save_price_list(
            actor=self.owner,
            shop_id=self.shop.pk,
            data=catalog.ListInput(
                name=name, currency=currency, audience=audience, handles=handles
            ),
        )
        catalog.set_list_prices(actor=self.owner, shop_id=self.shop.pk, list_id=made.pk, rows=rows)

    def _delivery(self) -> None:
        home = ShippingZone.objects.get(shop=self.shop)
        self._way(
            home,
            catalog.MethodInput(
                name="Express", currency="CNY", bands=((0, 2_500),), days=(1, 2), position=1
            ),
        )
        europe = catalog.save_shipping_zone(
            actor=self.owner, shop_id=self.shop.pk, name="Europe", places=EUROPE
        )
        for currency, amount in (("CNY", 9_000), ("EUR", 1_190)):
            self._way(
                europe,
                catalog.MethodInput(
                    name="By rail", currency=currency, bands=((0, amount),), days=(14, 21)
                ),
            )
        catalog.save_tax_zone(
            actor=self.owner,
            shop_id=self.shop.pk,
            data=catalog.TaxInput(
                name="Germany", places=["DE"], standard_rate=190_000, reduced_rate=70_000
            ),
        )

    def _way(self, zone: ShippingZone, data: catalog.MethodInput) -> None:
        catalog.save_shipping_method(
            actor=self.owner, shop_id=self.shop.pk, zone_id=zone.pk, data=data
        )

    def _borne(self, title: str, **terms: Any) -> Coupon:
        """Make a coupon that the platform bears."""
        return coupons.create_coupon(
            actor=self.till,
            shop_id=None,
            title=title,
            currency="CNY",
            ends_at=self.stage.today + dt.timedelta(days=45),
            **terms,
        )

    def _own(self, title: str, **terms: Any) -> Coupon:
        """Make a coupon of the shop."""
        return coupons.create_coupon(actor=self.owner, shop_id=self.shop.pk, title=title, **terms)

    def _of_platform(self) -> None:
        """Two for everything, one for shipping, and one that goes with no other."""
        first = self._borne(
            "First order",
            conditions=[NewCustomer(), MinSpend(amount=6_000)],
            benefits=[PercentOff(bps=2_000, most=2_000)],
            reach="claim",
            code="WELCOME-DEMO",
            cap=500,
            life_days=30,
        )
        self._borne(
            "Two and more",
            conditions=[MinQuantity(pieces=2)],
            benefits=[PercentOff(bps=500)],
            code="TWO-DEMO",
            cap=500,
            budget=100_000,
        )
        parcel = self._borne(
            "We pay the parcel",
            benefits=[FreeShipping(most=1_000)],
            stacking="shipping",
            reach="held",
            cap=200,
        )
        sorry = self._borne(
            "With our apologies",
            amount_off=3_000,
            stacking="exclusive",
            reach="held",
            cap=50,
            life_days=90,
        )
        for handle in HOLDERS:
            coupons.claim_coupon(actor=self.stage.member(handle), code=first.code)
            self._give(parcel, handle)
        self._give(sorry, "ana")

    def _give(self, coupon: Coupon, handle: str) -> None:
        coupons.grant_coupon(
            actor=self.till,
            coupon_id=coupon.pk,
            account_id=self.stage.member(handle).id or 0,
            source="demo",
        )

    def _of_shop(self) -> None:
        self._own("Three for two", benefits=[CheapestFree(of=3)], code="KILN-3FOR2", cap=60)
        self._own(
            "Parcel on us",
            conditions=[MinSpend(amount=20_000)],
            benefits=[FreeShipping()],
            stacking="shipping",
            code="KILN-PARCEL",
            cap=60,
        )
        self._own(
            "One cup for a song",
            benefits=[FixedPrice(price=1_900)],
            stacking="exclusive",
            code="KILN-SONG",
            cap=10,
        )
        printed = self._own("From the market stall", percent_bps=1_000, reach="held", cap=20)
        codes = coupons.print_codes(actor=self.owner, coupon_id=printed.pk, n=5)
        coupons.claim_coupon(actor=self.stage.member("ana"), code=codes[0].code or "")

    def _used(self) -> None:
        """Ben buys two, with the best that he holds and his points; a guest in Germany pays tax."""
        till = Till("tariff", self.stage.today)
        goods = self.stage.goods(self.shop)
        till.sell(self.stage.member("ben"), want(goods[1], 2))
        till.sell(Actor.guest("demotariff01"), want(goods[1]), address=BERLIN)
