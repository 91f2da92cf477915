"""Campaigns under way, one of each kind, and a draw that is over and can be checked."""

from __future__ import annotations

import datetime as dt
from typing import Any

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Campaign, Instance
from banyan.catalog.models import Variant
from banyan.chat import actions as chat
from banyan.entitlements import actions as coupons
from banyan.groups.models import Group
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.media.actions import stage as staged
from banyan.orders import actions as orders
from banyan.payments import actions as payments
from banyan.people import actions as people

from . import cast, wares
from .pictures import Paper
from .stage import SYSTEM, Stage, Till, first_variant

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
NAMED = {"named": "1"}


class Together:
    """Tells what friends get from one shop together."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.shop = stage.shop("kiln")
        self.owner = stage.owner(self.shop)
        self.till = Till("together", stage.today)

    def tell_all(self) -> None:
        """Tell it."""
        self.stage.tell("what friends get together")
        goods = [first_variant(one) for one in self.stage.goods(self.shop)[-2:]]
        self._draw()
        with clock.at(self.stage.today - 6 * HOUR):
            self._bargain(goods[0])
            self._group(goods[-1])
            self._pack()
            self._pack_of_an_order(goods[0])
            self._likes()
            self._code()
            self._packet()
            self._sale()

    def _publish(self, mechanic: str, title: str, about: str = "", **terms: Any) -> Campaign:
        """Publish a campaign that begins now; what is no input of a campaign is a term."""
        now = clock.now()
        data = campaigns.CampaignInput(
            mechanic=mechanic,
            title=title,
            about=about,
            starts_at=terms.pop("starts_at", now),
            ends_at=terms.pop("ends_at", now + 14 * DAY),
            budget=terms.pop("budget", 200_000),
            terms=terms,
        )
        draft = campaigns.plan_campaign(actor=self.owner, shop_id=self.shop.pk, data=data)
        return campaigns.publish_campaign(actor=self.owner, campaign_id=draft.pk)

    def _coupon(self, title: str, amount: int) -> int:
        made = coupons.create_coupon(
            actor=self.owner,
            shop_id=self.shop.pk,
            title=title,
            amount_off=amount,
            min_spend=amount * 4,
            reach="held",
            cap=1_000,
        )
        return made.pk

    def _begin(self, of: Campaign, handle: str, **given: str) -> Instance:
        return campaigns.begin(actor=self.stage.member(handle), code=of.code, given=given)

    def _all(self, verb: str, play: Instance, *handles: str) -> None:
        """Let people do something to a play, one by one; every third stays unnamed."""
        for number, handle in enumerate(handles):
            given = NAMED if number % 3 != 2 else {}
            who = self.stage.member(handle)
            campaigns.play(actor=who, code=play.code, verb=verb, given=given)

    def _draw(self) -> None:
        with clock.at(self.stage.at(0.9)):
            of = self._publish(
                "assist_draw",
                "A kiln opening, drawn",
                "Two who enter take a large bowl home at a third of its price.",
                ends_at=self.stage.at(0.97),
                prize=self._coupon("From the kiln", 5_000),
                count=2,
                helpers=3,
            )
            entries = {one: self._begin(of, one) for one in ("ana", "bei", "noor", "juno", "wren")}
            self._all("help", entries["ana"], "ben", "readlu")
            self._all("help", entries["juno"], "tam")
        with clock.at(of.ends_at):
            campaigns.advance(actor=SYSTEM)  # freezes the list
            campaigns.advance(actor=SYSTEM)  # draws
            for who, entry in entries.items():
                if Instance.objects.get(pk=entry.pk).state == "won":
                    self._all("redeem", entry, who)
            campaigns.advance(actor=SYSTEM)  # nobody has to wait any more

    def _bargain(self, variant: Variant) -> None:
        of = self._publish(
            "bargain",
            "Bring the price down",
            variant=variant.pk,
            floor=variant.price_amount * 4 // 10,
            people=8,
            hours=72,
            shape="front/1",
        )
        self._all("help", self._begin(of, "ana"), "noor", "readlu", "kai", "ben")

    def _group(self, variant: Variant) -> None:
        """Three are needed, and two have paid."""
        of = self._publish(
            "group_buy",
            "Three for a set",
            variant=variant.pk,
            people=3,
            price=variant.price_amount * 8 // 10,
            people_2=6,
            price_2=variant.price_amount * 7 // 10,
            hours=72,
        )
        group = self._begin(of, "noor")
        self.till.take(self.stage.member("noor"), orders.WantedLine(variant.pk))
        self._all("join", group, "ben")
        self.till.take(self.stage.member("ben"), orders.WantedLine(variant.pk))

    def _pack(self) -> None:
        of = self._publish(
            "coupon_pack",
            "Tea with friends",
            coupon=self._coupon("A cup less", 1_000),
            top=self._coupon("A pot less", 3_000),
            places=8,
            sender=2,
            hours=72,
        )
        self._all("join", self._begin(of, "ana"), "juno", "oki", "mei", "sol")

    def _pack_of_an_order(self, variant: Variant) -> None:
        """One has opened the pack that came with an order; another one's waits on its page."""
        of = self._publish(
            "coupon_pack",
            "A cup for you and for friends",
            "Every order brings a pack for three friends.",
            coupon=self._coupon("A small one less", 800),
            places=3,
            sender=0,
            hours=72,
            starts="order",
            order_days=14,
        )
        bought = self.till.take(self.stage.member("mei"), orders.WantedLine(variant.pk))
        pack = self._begin(of, "mei", order=str(bought.pk))
        self._all("join", pack, "oki")
        self.till.take(self.stage.member("sol"), orders.WantedLine(variant.pk))

    def _likes(self) -> None:
        of = self._publish(
            "like_collection",
            "Do you like our new glaze?",
            likes=5,
            coupon=self._coupon("Five likes", 800),
            likes_2=10,
            coupon_2=self._coupon("Ten likes", 2_000),
            elsewhere=self._coupon("Likes elsewhere", 600),
            hours=72,
        )
        self._all("help", self._begin(of, "kai"), "ana", "noor", "readlu", "fen", "ida", "pia")
        self._begin(of, "ana")
        self._shot(self._begin(of, "ida"), "ida")

    def _shot(self, play: Instance, handle: str) -> None:
        """Somebody shows a picture of likes elsewhere; nobody has looked at it yet."""
        who, paper = self.stage.member(handle), self.stage.studio.take(Paper(wares.SHOT))
        token = staged(actor=who, data=paper, filename="likes.png").token
        campaigns.show_outside(actor=who, code=play.code, picture=token)

    def _code(self) -> None:
        """A friend who is new here has entered it."""
        of = self._publish(
            "referral",
            "A cup for your friend",
            ends_at=clock.now() + 60 * DAY,
            coupon=self._coupon("Welcome, friend", 1_500),
            thanks=self._coupon("Thank you", 1_500),
        )
        code = self._begin(of, "ana", code="TEAWITHANA")
        friend = people.create_account(
            actor=SYSTEM, contact=None, handle="sky", display_name="Sky", is_demo=True
        )
        campaigns.play(actor=Actor(kind="member", id=friend.pk), code=code.code, verb="join")

    def _packet(self) -> None:
        """In the room of a group: three shares, and three who were quick."""
        circle = cast.GROUPS[0]
        who = self.stage.member(circle.owner)
        payments.issue_credit(
            actor=SYSTEM,
            account_id=who.id or 0,
            amount=Money(3_000, "CNY"),
            key="demo:packet",
            reason="Demo credit",
        )
        room = chat.open_group_room(actor=who, group_id=Group.objects.get(slug=circle.slug).pk)
        data = campaigns.PacketInput(
            total=Money(2_000, "CNY"), count=3, wish="To the kiln!", room_id=room.pk
        )
        packet = campaigns.fill_packet(actor=who, data=data, key="demo")
        self._all("join", packet, *circle.members[:3])

    def _sale(self) -> None:
        """The white cup once more, tomorrow."""
        cups = Variant.objects.filter(product__title=wares.TUMBLER.names[0])
        variant = cups.order_by("id")[0]
        begins = self.stage.today.replace(minute=0, second=0, microsecond=0) + DAY
        self._publish(
            "flash_sale",
            "One hour, four pieces",
            starts_at=begins,
            ends_at=begins + HOUR,
            variant=variant.pk,
            price=variant.price_amount // 2,
            public=4,
        )
