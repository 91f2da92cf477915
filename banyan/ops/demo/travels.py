"""One share that went far, and what goes wrong in a real month; by public actions, too."""

from __future__ import annotations

import datetime as dt
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from banyan.catalog.models import Product, Variant
from banyan.community import actions as community
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.media.models import Image
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link

from . import cast
from .stage import SYSTEM, carry, for_them, give_back, pay

# How many of those who open a link share it on, by generation.
SHARED_ON = (6, 2, 2, 1, 1)
BUYS = 0.13
# Purchases of the day so far, in minutes before now; a week earlier the same, but fewer.
TODAY = (4, 19, 47, 66)
LAST_WEEK = (12, 58)


@dataclass(frozen=True, slots=True)
class Traveller:
    """What this telling needs of the story: its people, one thing to share, and its chances."""

    member: Callable[[str], Actor]
    handles: list[str]
    product: Product
    picture: Image
    address: dict[str, str]
    chance: random.Random


class Travels:
    """A share of Ana's that reaches half the town, and the month's warts."""

    def __init__(self, stage: Traveller) -> None:
        self.stage = stage
        self.chance = stage.chance
        self.number = 0
        self.end = clock.now()
        self.variant = Variant.objects.filter(product=stage.product, is_active=True).order_by("id")[
            0
        ]

    def tell_all(self, *, start: dt.datetime, end: dt.datetime) -> None:
        """Tell it between two moments; the last purchases lie in the hour before ``end``."""
        self.end = end
        link = self._root(start)
        last = self._spread(link, start, end - dt.timedelta(days=1))
        for minutes in LAST_WEEK:
            self._buy(self.chance.choice(last), end - dt.timedelta(days=7, minutes=minutes))
        for minutes in TODAY:
            self._buy(self.chance.choice(last), end - dt.timedelta(minutes=minutes))
        middle = start + (end - start) / 2
        self._own_shop(middle)
        self._too_late(link, middle)

    def _root(self, at: dt.datetime) -> Link:
        with clock.at(at):
            return self._share("ana", None)

    def _share(self, handle: str, via: Link | None) -> Link:
        return sharing.share(
            actor=self.stage.member(handle),
            target_kind="product",
            target_id=self.stage.product.pk,
            via=via,
        )

    def _spread(self, root: Link, start: dt.datetime, end: dt.datetime) -> list[Link]:
        """Let the share travel, generation by generation; return the links, oldest first."""
        free = deque(self.chance.sample([h for h in self.stage.handles if h != "ana"], 38))
        links, edge = [root], [root]
        for generation, most in enumerate(SHARED_ON):
            at = start + (end - start) * (generation / len(SHARED_ON))
            step = (end - start) / len(SHARED_ON)
            grown: list[Link] = []
            for link in edge:
                self._visits(link, at, step, self.chance.randint(3, 7))
                for _ in range(self.chance.randint(most // 2, most)):
                    if free:
                        with clock.at(at + step * self.chance.random()):
                            grown.append(self._share(free.popleft(), link))
            links += grown
            edge = grown
        for link in edge:
            self._visits(link, end - dt.timedelta(hours=20), dt.timedelta(hours=19), 3)
        return links

    def _visits(self, link: Link, start: dt.datetime, span: dt.timedelta, people: int) -> None:
        moments = sorted(start + span * self.chance.random() for _ in range(people))
        for at in moments:
            visitor = self._visitor()
            with clock.at(at):
                sharing.record_exposures(actor=SYSTEM, links=[link.pk], visitor=visitor)
                if self.chance.random() < 0.2:
                    continue
                self._open(link, visitor)
                if self.chance.random() < BUYS:
                    self._buy(link, clock.now(), visitor)

    def _visitor(self) -> str:
        return f"demo{self.chance.getrandbits(48):012x}"

    def _open(self, link: Link, visitor: str) -> None:
        guest = Actor.guest(visitor)
        touch = sharing.record_touch(actor=guest, link=link, verdict="unknown")
        if self.chance.random() < 0.85:
            sharing.confirm_touch(actor=guest, touch_id=touch.pk)

    def _buy(self, link: Link, at: dt.datetime, visitor: str | None = None) -> Checkout:
        """Let a guest buy through ``link``, and pay."""
        with clock.at(at):
            visitor = visitor or self._visitor()
            self._open(link, visitor)
            checkout = self._place(Actor.guest(visitor), link)
            pay(checkout)
            carry(checkout.orders.select_related("checkout", "shop").get(), until=self.end)
        return checkout

    def _place(self, actor: Actor, link: Link | None) -> Checkout:
        self.number += 1
        return orders.place(
            actor=actor,
            lines=[orders.WantedLine(self.variant.pk, 1, via=link.code if link else "")],
            contact=orders.Contact(email=f"travel{self.number}@example.com"),
            address=for_them(actor, self.stage.address),
            placement_key=f"demo:travel:{self.number}",
            provider="sandbox",
        )

    def _own_shop(self, at: dt.datetime) -> None:
        """Let Mio bring a buyer to her own shop: nobody earns for selling their own goods."""
        with clock.at(at):
            self._buy(self._share("mio", None), at)

    def _too_late(self, link: Link, at: dt.datetime) -> None:
        """Let a payment arrive after its reservation lapsed: all of it goes back."""
        with clock.at(at):
            checkout = self._place(Actor.guest(self._visitor()), link)
        with clock.at(at + dt.timedelta(minutes=16)):
            orders.expire_checkout(actor=SYSTEM, checkout_id=checkout.pk)
        with clock.at(at + dt.timedelta(minutes=17)):
            pay(checkout)
            give_back(checkout)


def complain(stage: Traveller) -> None:
    """Let a buyer complain in public, the shop answer, and the buyer come round."""
    title, body, answer, thanks = cast.COMPLAINT
    at = clock.now()
    post = community.publish_post(
        actor=stage.member("wren"),
        images=[stage.picture],
        title=title,
        body=body,
        tags=[community.Tag(0, stage.product.pk, 500, 600)],
        language="en",
    )
    with clock.at(at + dt.timedelta(hours=1)):
        said = community.comment(actor=stage.member("mio"), post_id=post.pk, body=answer)
    with clock.at(at + dt.timedelta(days=2)):
        community.comment(
            actor=stage.member("wren"), post_id=post.pk, body=thanks, parent_id=said.pk
        )
