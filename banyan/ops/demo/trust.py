"""Whom to trust: reviews, permits, a shop below the bar, a product taken down, a circle."""

from __future__ import annotations

import datetime as dt

from banyan.catalog import actions as catalog
from banyan.catalog.models import Category, Product
from banyan.earnings import actions as earnings
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.media.actions import stage as staged
from banyan.orders import actions as orders
from banyan.orders.models import OrderLine
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link
from banyan.standing import actions as standing
from banyan.standing.queries import facts_of

from . import cast, wares
from .pictures import Paper
from .stage import SYSTEM, Stage, Till, first_variant, want

REVIEWED = 12
STARS = (5, 4, 5, 3, 5, 4, 2, 5)
SLOW = "slow-wheels"
CIRCLE, ROUNDS = ("fen", "pia"), 3
SLOW_ORDERS = 8
DAY = dt.timedelta(days=1)


class Trust:
    """Tells what buyers and moderation said."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.desk = stage.staff["demo_desk"]
        self.slow = stage.shop(SLOW)
        self.till = Till("trust", stage.today)

    def tell_all(self) -> None:
        """Tell it."""
        self.stage.tell("reviews, permits, standing")
        self._permits()
        self._wine()
        self._reviews()
        self._slow()
        self._taken_down()
        self._circle()
        with clock.at(self.stage.today):
            standing.count_all(actor=SYSTEM)
            self._appeal()

    def _permits(self) -> None:
        """Wine needs a permit: one shop has it, one asks; one showed its licence."""
        wine = Category.objects.get(slug="wine")
        asked = ("crumb", wine.pk), ("soft-hours", wine.pk), ("kiln", None)
        for number, (slug, category) in enumerate(asked):
            shop = self.stage.shop(slug)
            owner = self.stage.owner(shop)
            with clock.at(self.stage.at(0.55 + number / 5)):
                if number == 0:
                    standing.guard_category(
                        actor=self.desk,
                        category_id=wine.pk,
                        why="Wine may only be sold with a licence.",
                        reason="as the law has it",
                    )
                paper = self.stage.studio.take(Paper(wares.PAPERS[number]))
                permit = standing.ask_permit(
                    actor=owner,
                    shop_id=shop.pk,
                    number=f"DEMO-{number + 1:04d}",
                    holder=shop.name,
                    category_id=category,
                    picture=staged(actor=owner, data=paper, filename="paper.png").token,
                )
                if number != 1:
                    standing.decide_permit(
                        actor=self.desk, permit_id=permit.pk, granted=True, reason=""
                    )

    def _wine(self) -> None:
        with clock.at(self.stage.at(0.6)):
            wine = self.stage.make(wares.WINE, catalog.VariantInput(price=9_800, on_hand=24))
            catalog.publish_product(
                actor=self.stage.owner(self.stage.shop("crumb")), product_id=wine.pk
            )
        with clock.at(self.stage.at(0.7)):
            self.till.sell(self.stage.member("ben"), want(wine), age=18)

    def _reviews(self) -> None:
        """The first buyer of each of a dozen things says how it is."""
        came = OrderLine.objects.filter(order__state="received", order__refunded_amount=0)
        lines = came.filter(order__shop__kind="merchant").select_related("order__checkout__buyer")
        by_product: dict[int, OrderLine] = {}
        for line in lines.order_by("id"):
            by_product.setdefault(line.product_id, line)
        for number, line in enumerate(list(by_product.values())[:REVIEWED]):
            self._review(line, number)

    def _review(self, line: OrderLine, number: int) -> None:
        checkout = line.order.checkout
        buyer = checkout.buyer
        who = Actor(kind="member", id=buyer.pk) if buyer else Actor.guest("demoreview01")
        words = cast.REMARKS_ZH if buyer and buyer.handle in cast.CHINESE else cast.REMARKS
        received = line.order.received_at or self.stage.today
        with clock.at(min(received + 2 * DAY, self.stage.today)):
            standing.write_review(
                actor=who,
                line_id=line.pk,
                stars=STARS[number % len(STARS)],
                body=words[number % len(words)],
                access_token=checkout.access_token,
            )

    def _slow(self) -> None:
        """A shop that sends everything a week late."""
        goods = self.stage.goods(self.slow)
        owner = self.stage.owner(self.slow)
        for number in range(SLOW_ORDERS):
            paid = self.stage.at(0.7 + number / 100)
            with clock.at(paid):
                order = self.till.take(
                    Actor.guest(f"demoslow{number:02d}"), want(goods[number % 2])
                )
            with clock.at(paid + 6 * DAY):
                orders.ship(actor=owner, order_id=order.pk, carrier="Demo Wheels")

    def _circle(self) -> None:
        """Two who buy by each other's shares, again and again: it is found, and held."""
        product = self.stage.goods(self.stage.shop("kiln"))[0]
        with clock.at(self.stage.at(0.8)):
            links = {one: self._share(one, product) for one in CIRCLE}
        for number in range(ROUNDS):
            with clock.at(self.stage.at(0.82 + number / 20)):
                for buyer, other in zip(CIRCLE, CIRCLE[::-1], strict=True):
                    wanted = orders.WantedLine(first_variant(product).pk, via=links[other].code)
                    self.till.sell(self.stage.member(buyer), wanted)
        with clock.at(self.stage.today):
            earnings.find_circles(actor=SYSTEM)

    def _share(self, handle: str, product: Product) -> Link:
        who = self.stage.member(handle)
        return sharing.share(actor=who, target_kind="product", target_id=product.pk, via=None)

    def _appeal(self) -> None:
        """The owner says that a flood was to blame for some of it; nobody has decided yet."""
        late = facts_of(self.slow.pk).late[:3]
        standing.appeal(
            actor=self.stage.owner(self.slow),
            shop_id=self.slow.pk,
            facts=[("late", order_id) for order_id in late],
            body="The road was under water that week: nobody could send anything.",
        )

    def _taken_down(self) -> None:
        """Two members say that something is not good; moderation agrees with the first."""
        bad, fine = self.stage.goods(self.slow)[-1], self.stage.goods(self.slow)[0]
        with clock.at(self.stage.at(0.96)):
            report = standing.report_product(
                actor=self.stage.member("wren"),
                product_id=bad.pk,
                reason="unsafe",
                body="The clasp breaks, and the edge is sharp.",
            )
            standing.report_product(
                actor=self.stage.member("mei"),
                product_id=fine.pk,
                reason="misleading",
                body="图片看起来更大。",
            )
        with clock.at(self.stage.at(0.97)):
            standing.decide_report(
                actor=self.desk, report_id=report.pk, upheld=True, reason="tried it ourselves"
            )
            taken = standing.take_down(
                actor=self.desk,
                product_id=bad.pk,
                reason="unsafe",
                words="The clasp has a sharp edge. Please do not use it any more.",
            )
            standing.settle_takedown(actor=SYSTEM, takedown_id=taken.pk)
