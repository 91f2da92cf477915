"""Groups of the demo: who founded them, who is in, and what they offer each other."""

from __future__ import annotations

from banyan.catalog.models import Shop
from banyan.groups import actions as groups
from banyan.groups.models import Group
from banyan.kernel import clock
from banyan.storefronts import actions as storefronts

from . import cast
from .stage import Stage


class Circles:
    """Tells of the groups, when people and goods have been there for a while."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def tell_all(self) -> None:
        """Found the groups, let people in, offer something, tell those who asked for it."""
        self.stage.tell("groups")
        with clock.at(self.stage.at(0.92)):
            made = [self._founded(entry) for entry in cast.GROUPS]
            self._offered(made[0])
            self._waiting(made[1])
            groups.tell_offers()

    def _founded(self, entry: cast.Circle) -> Group:
        owner = self.stage.member(entry.owner)
        data = groups.GroupInput(
            name=entry.name,
            about=entry.about,
            rules=entry.rules,
            topics=list(entry.topics),
            colour=entry.colour,
        )
        group = groups.make_group(actor=owner, slug=entry.slug, data=data)
        if entry.cover:
            cover = Shop.objects.get(slug=entry.cover).cover
            groups.edit_group(actor=owner, group_id=group.pk, data=data, cover=cover)
        for number, handle in enumerate(entry.members):
            groups.join(
                actor=self.stage.member(handle), group_id=group.pk, wants_offers=number % 2 == 0
            )
        return group

    def _offered(self, group: Group) -> None:
        """The group has a page of its own, and a member offers something."""
        owner, member = (self.stage.member(name) for name in ("ana", "noor"))
        storefronts.open_group_page(actor=owner, group_id=group.pk, title=group.name)
        goods = self.stage.goods(self.stage.shops[0])
        storefronts.select_product(actor=owner, product_id=goods[0].pk, group_id=group.pk)
        groups.offer_to_group(
            actor=member, group_id=group.pk, product_id=goods[1].pk, note="Mine is from here."
        )
        groups.invite(actor=owner, group_id=group.pk)

    def _waiting(self, group: Group) -> None:
        """Joining is asked for from now on; somebody asks, somebody is kept out."""
        owner = self.stage.member("ben")
        data = groups.GroupInput(
            name=group.name, about=group.about, rules=group.rules, policy="request", visibility=1
        )
        groups.edit_group(actor=owner, group_id=group.pk, data=data, cover=None)
        groups.join(actor=self.stage.member("kai"), group_id=group.pk)
        loud = self.stage.member("otto")
        groups.ban(actor=owner, group_id=group.pk, account_id=loud.id or 0, days=30)
