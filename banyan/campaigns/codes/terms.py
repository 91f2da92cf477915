"""The terms of a code for friends."""

from __future__ import annotations

from typing import Annotated, ClassVar

from django.utils.translation import gettext_lazy
from pydantic import Field

from ..rewards import RewardTerms
from ..terms import Ask

ALLOWED, HELD, REFUSED = "allowed", "held", "refused"


class ReferralTerms(RewardTerms):
    """What a new friend has, what the member has for them, and what counts as a friend won."""

    coupon_fields: ClassVar[tuple[str, ...]] = ("coupon", "thanks")
    kept: ClassVar[tuple[str, ...]] = ("thanks",)

    coupon: Annotated[int | None, Ask(gettext_lazy("Coupon for the new friend"), kind="coupon")] = (
        None
    )
    thanks: Annotated[
        int | None,
        Ask(
            gettext_lazy("Coupon for who brought them"),
            gettext_lazy("Given once the friend's first order is kept."),
            kind="coupon",
        ),
    ] = None
    categories: Annotated[
        tuple[int, ...],
        Ask(
            gettext_lazy("Only for goods of these categories"),
            gettext_lazy(
                "None chosen: all goods. The friend's coupon has to be for these alone (one that "
                "is made here is), and an order counts for what it holds of them, those below "
                "included."
            ),
            kind="categories",
        ),
        Field(max_length=50),
    ] = ()
    least: Annotated[
        int, Ask(gettext_lazy("The order must come to at least"), kind="money"), Field(ge=0)
    ] = 0
    days: Annotated[
        int,
        Ask(gettext_lazy("A friend's first order counts for"), unit=gettext_lazy("days")),
        Field(ge=1, le=365),
    ] = 90
    grace_hours: Annotated[
        int,
        Ask(
            gettext_lazy("After a first order the code can still be entered for"),
            gettext_lazy("0: before it only. That order counts, if it was placed here."),
            unit=gettext_lazy("hours"),
        ),
        Field(ge=0, le=168),
    ] = 0
    hold_days: Annotated[
        int,
        Ask(
            gettext_lazy("After it arrived we wait for"),
            gettext_lazy("As long as it may be sent back."),
            unit=gettext_lazy("days"),
        ),
        Field(ge=0, le=90),
    ] = 7
    most: Annotated[
        int,
        Ask(
            gettext_lazy("Friends for whom one is thanked"),
            gettext_lazy("Later ones still have their coupon; a price is for no more than these."),
        ),
        Field(ge=1, le=1000),
    ] = 20
    per_month: Annotated[
        int,
        Ask(
            gettext_lazy("Friends for whom one is thanked within thirty days"),
            gettext_lazy("0: no bound. Thanks beyond it wait until there is room again."),
        ),
        Field(ge=0, le=1000),
    ] = 0
    household: Annotated[
        str,
        Ask(
            gettext_lazy("A friend with the same address"),
            gettext_lazy("Flatmates and families; the same person never counts."),
            kind="choice",
            choices=(
                (ALLOWED, gettext_lazy("Counts")),
                (HELD, gettext_lazy("Counts once somebody has looked at it")),
                (REFUSED, gettext_lazy("Does not count")),
            ),
        ),
        Field(pattern=f"^({ALLOWED}|{HELD}|{REFUSED})$"),
    ] = HELD
