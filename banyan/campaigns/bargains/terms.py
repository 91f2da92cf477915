"""The terms of a bargain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field, model_validator

from ..chance.bargains import FRONT
from ..chance.packets import EQUAL, LINE_CUT
from ..terms import Ask, Terms

NOBODY, LAUNCH = "none", "launch"
"""For whom a piece is kept: for nobody before they order, or for who begins, from then on."""


class BargainTerms(Terms):
    """What is bargained for, down to which price, by how many friends and in which steps."""

    variant_fields: ClassVar[tuple[str, ...]] = ("variant",)
    main: ClassVar[str] = "floor"
    more: ClassVar[tuple[str, ...]] = ("pot", "bonus", "stock")

    variant: Annotated[int, Ask(gettext_lazy("What is bargained for"), kind="variant")]
    floor: Annotated[
        int | None, Ask(gettext_lazy("The lowest price"), kind="money"), Field(ge=0)
    ] = None
    people: Annotated[int, Ask(gettext_lazy("Friends who bring it there")), Field(ge=1, le=100)] = (
        10
    )
    shape: Annotated[
        str,
        Ask(
            gettext_lazy("How much each one cuts"),
            gettext_lazy("It is decided when a bargain begins, and can be checked afterwards."),
            kind="choice",
            choices=(
                (EQUAL, gettext_lazy("All the same")),
                (FRONT, gettext_lazy("The first ones more, by a published curve")),
                (LINE_CUT, gettext_lazy("By chance")),
            ),
        ),
        Field(pattern=f"^({EQUAL}|{FRONT}|{LINE_CUT})$"),
    ] = EQUAL
    hours: Annotated[
        int,
        Ask(gettext_lazy("Friends can help for"), unit=gettext_lazy("hours")),
        Field(ge=1, le=168),
    ] = 24
    pay_hours: Annotated[
        int,
        Ask(gettext_lazy("The price can be ordered at for"), unit=gettext_lazy("hours")),
        Field(ge=1, le=2160),
    ] = 24
    buy_now: Annotated[
        bool, Ask(gettext_lazy("One may stop early and buy at the price reached"), kind="switch")
    ] = True
    per_day: Annotated[
        int, Ask(gettext_lazy("How often one person may help in a day")), Field(ge=1, le=50)
    ] = 5
    bargains: Annotated[int, Ask(gettext_lazy("Bargains of one person")), Field(ge=1, le=20)] = 1
    pot: Annotated[
        int,
        Ask(
            gettext_lazy("A pot for friends who are new here"),
            gettext_lazy("It takes more off than the lowest price; nobody else's cut is smaller."),
            kind="money",
        ),
        Field(ge=0),
    ] = 0
    bonus: Annotated[
        int,
        Ask(gettext_lazy("What each of them takes out of the pot"), kind="money"),
        Field(ge=0),
    ] = 0

    stock: Annotated[
        str,
        Ask(
            gettext_lazy("One piece for each bargain"),
            gettext_lazy(
                "Kept: from its beginning until the price is ordered or it is over nobody else can "
                "have that piece, and no more bargains run at once than there are pieces."
            ),
            kind="choice",
            choices=(
                (NOBODY, gettext_lazy("Kept for nobody before they order")),
                (LAUNCH, gettext_lazy("Kept from its beginning")),
            ),
        ),
        Field(pattern=f"^({NOBODY}|{LAUNCH})$"),
    ] = NOBODY

    @property
    def lowest(self) -> int:
        """The price that all cuts together come down to, without the pot."""
        return self.floor or 0

    @property
    def keeps(self) -> bool:
        """Whether a piece is kept from the beginning."""
        return self.stock == LAUNCH

    def misfits(self, landing: str) -> Mapping[str, Any]:
        """See the base; a coupon can be used on any piece."""
        if landing == "coupon" and self.keeps:
            return {"stock": _("A coupon keeps no piece: let it end with a price.")}
        return {}

    @model_validator(mode="after")
    def _whole(self) -> BargainTerms:
        if bool(self.pot) != bool(self.bonus) or self.bonus > self.pot:
            raise ValueError(_("A pot needs what each new friend takes out of it."))
        return self
