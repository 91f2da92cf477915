"""The terms of a group that buys together."""

from __future__ import annotations

import itertools
from typing import Annotated, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field, model_validator

from ..terms import Ask, Terms


class GroupTerms(Terms):
    """What is bought, at which price from how many people on, and what if they stay too few."""

    variant_fields: ClassVar[tuple[str, ...]] = ("variant",)
    main: ClassVar[str] = "price"
    more: ClassVar[tuple[str, ...]] = (
        *("price_2", "price_3", "leader_price"),
        *("leader_perk", "apology"),
    )
    spare_coupons: ClassVar[tuple[str, ...]] = ("apology",)

    variant: Annotated[int, Ask(gettext_lazy("What is bought"), kind="variant")]
    people: Annotated[int, Ask(gettext_lazy("People for a group")), Field(ge=2, le=100)] = 3
    price: Annotated[int, Ask(gettext_lazy("Price in the group"), kind="money"), Field(ge=0)] = 0
    people_2: Annotated[
        int,
        Ask(gettext_lazy("People for the second step"), gettext_lazy("0: no second step.")),
        Field(ge=0, le=500),
    ] = 0
    price_2: Annotated[
        int, Ask(gettext_lazy("Price at the second step"), kind="money"), Field(ge=0)
    ] = 0
    people_3: Annotated[
        int,
        Ask(gettext_lazy("People for the third step"), gettext_lazy("0: no third step.")),
        Field(ge=0, le=1000),
    ] = 0
    price_3: Annotated[
        int, Ask(gettext_lazy("Price at the third step"), kind="money"), Field(ge=0)
    ] = 0
    leader_price: Annotated[
        int,
        Ask(
            gettext_lazy("Price for who opens the group"),
            gettext_lazy("0: the same as everybody's."),
            kind="money",
        ),
        Field(ge=0),
    ] = 0
    hours: Annotated[
        int,
        Ask(gettext_lazy("A group is open for"), unit=gettext_lazy("hours")),
        Field(ge=1, le=168),
    ] = 24
    minutes: Annotated[
        int,
        Ask(gettext_lazy("A place waits for its payment"), unit=gettext_lazy("minutes")),
        Field(ge=5, le=30),
    ] = 15
    complete_from: Annotated[
        int,
        Ask(
            gettext_lazy("The shop completes a group from so many people on"),
            gettext_lazy("0: never. It is said on the page, and nobody is made up."),
        ),
        Field(ge=0, le=99),
    ] = 0
    newcomers: Annotated[
        bool,
        Ask(gettext_lazy("Only those may join who have bought nothing yet"), kind="switch"),
    ] = False
    groups: Annotated[int, Ask(gettext_lazy("Groups that one may open")), Field(ge=1, le=20)] = 1
    leader_perk: Annotated[
        int,
        Ask(
            gettext_lazy("Who opens the group earns, for each other member"),
            gettext_lazy(
                "Paid by the shop once that order can no longer be sent back; said to all."
            ),
            kind="money",
        ),
        Field(ge=0),
    ] = 0
    apology: Annotated[
        int | None,
        Ask(gettext_lazy("Coupon for whose payment came too late"), kind="coupon"),
    ] = None
    days: Annotated[
        int,
        Ask(
            gettext_lazy("A coupon or a price for later can be used for"),
            gettext_lazy("Where a group ends with one of them, nobody pays before."),
            unit=gettext_lazy("days"),
        ),
        Field(ge=1, le=90),
    ] = 7

    @property
    def rungs(self) -> list[tuple[int, int]]:
        """(people, price) from the first step up."""
        steps = [(self.people, self.price), (self.people_2, self.price_2)]
        return [one for one in [*steps, (self.people_3, self.price_3)] if one[0]]

    @property
    def idle(self) -> frozenset[str]:
        """See the base; a step without people has no price, and 0 means that there is none."""
        steps = {"people_2": "price_2", "people_3": "price_3"}
        unset = {price for people, price in steps.items() if not getattr(self, people)}
        zero = {*steps, "leader_price", "complete_from", "leader_perk"}
        return super().idle | unset | {name for name in zero if not getattr(self, name)}

    @model_validator(mode="after")
    def _falling(self) -> GroupTerms:
        rungs = self.rungs
        for (few, high), (many, low) in itertools.pairwise(rungs):
            if many <= few or not (self.honour or 0 < low < high):
                raise ValueError(_("Each step needs more people and a lower price."))
        if self.complete_from >= self.people:
            raise ValueError(_("The shop completes groups that are too small, not full ones."))
        return self

    def price_at(self, people: int) -> int:
        """Return what everybody pays when so many are in; the first price before that."""
        reached = [price for many, price in self.rungs if people >= many]
        return reached[-1] if reached else self.price
