"""A flash sale, and rights to buy given out as F-codes: few units at a low price, fairly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field, model_validator

from banyan.catalog.models import Variant
from banyan.kernel.actors import Actor
from banyan.kernel.states import Machine
from banyan.sales import actions as sales

from ..audience import is_narrowed
from ..blocks import Block
from ..effects import Effect
from ..figures import of_sale
from ..mechanic import INSTANCES, Beginning, Mechanic, Opening, Play, Preset, Shown
from ..models import Campaign
from ..policy import Facts
from ..problems import Refused
from ..terms import Ask, Terms


class SaleTerms(Terms):
    """What is sold, at which price, how many units for whom, and how people get in."""

    variant_fields: ClassVar[tuple[str, ...]] = ("variant",)
    main: ClassVar[str] = "price"

    variant: Annotated[int, Ask(gettext_lazy("What is sold"), kind="variant")]
    price: Annotated[int, Ask(gettext_lazy("Price in the sale"), kind="money"), Field(ge=0)] = 0
    public: Annotated[int, Ask(gettext_lazy("Units for everybody")), Field(ge=0, le=1_000_000)] = (
        100
    )
    codes: Annotated[
        int,
        Ask(
            gettext_lazy("Units for F-codes"),
            gettext_lazy("Make the codes on the sale's own page when it is published."),
        ),
        Field(ge=0, le=100_000),
    ] = 0
    fans: Annotated[int, Ask(gettext_lazy("Units for fans")), Field(ge=0, le=100_000)] = 0
    per_person: Annotated[int, Ask(gettext_lazy("At most per person")), Field(ge=1, le=100)] = 1
    minutes: Annotated[
        int,
        Ask(gettext_lazy("A unit waits for its payment"), unit=gettext_lazy("minutes")),
        Field(ge=5, le=15),
    ] = 10
    room: Annotated[
        bool,
        Ask(
            gettext_lazy("A waiting room, so that it does not matter who is fastest"), kind="switch"
        ),
    ] = True
    ticketed: Annotated[
        bool,
        Ask(
            gettext_lazy("Many thousands will come: sell the public units by ticket"), kind="switch"
        ),
    ] = False
    leftover_minutes: Annotated[
        int,
        Ask(
            gettext_lazy("Minutes after which everybody may have all that is left"),
            gettext_lazy("0: units for codes and fans stay theirs to the end."),
        ),
        Field(ge=0, le=44_640),
    ] = 0

    @model_validator(mode="after")
    def _something(self) -> SaleTerms:
        if not self.public + self.codes + self.fans:
            raise ValueError(_("A sale needs units."))
        return self


class FlashSale(Mechanic[SaleTerms]):
    """Mechanic 2.6. The sale itself, its buckets, room and rights, are the package ``sales``."""

    code = "flash_sale"
    title = gettext_lazy("Flash sale")
    pitch = gettext_lazy("Few units at a low price, in a fair order; rights to buy as codes.")
    steps = (
        gettext_lazy("Be there when it begins; a waiting room keeps it fair."),
        gettext_lazy("A unit that is yours waits for your payment."),
        gettext_lazy("What is not paid for in time goes to the next one."),
    )
    terms = SaleTerms
    in_honour = gettext_lazy("An early place at the usual price: to be let in is the honour.")
    pay_to_enter = True
    plays_here = False
    scarce = frozenset()
    by_sharing = False
    machine = Machine(
        name="campaigns.flash_sale.state",
        table=INSTANCES,
        initial="none",
        transitions={"none": ()},
    )
    presets: ClassVar[Mapping[str, Preset]] = {
        "hundred": Preset(gettext_lazy("A hundred units, in a waiting room"), {"public": 100}),
        "codes": Preset(gettext_lazy("By F-code only"), {"public": 0, "codes": 50, "room": False}),
    }

    def price(self, terms: SaleTerms) -> int:
        """See the base."""
        return terms.price

    def worst_case(self, terms: SaleTerms) -> int:
        """A lower price costs no budget: the shop sells for less."""
        return 0

    def figures(self, campaign: Campaign) -> Sequence[tuple[Any, Any]]:
        """See the base."""
        return of_sale(campaign)

    def reduced(self, terms: SaleTerms) -> Sequence[tuple[int, int]]:
        """Every unit of the sale."""
        return [(terms.public + terms.codes + terms.fans, terms.price)]

    def advertised(self, terms: SaleTerms) -> tuple[int, int]:
        """The price in the sale."""
        return terms.variant, terms.price

    def facts(self, campaign: Campaign, terms: SaleTerms) -> Facts:
        """Units go in a fair order."""
        method = _("Units are sold in the order of the waiting room, which is drawn.")
        if not terms.room:
            method = _("Units are sold in the order in which people come.")
        return replace(super().facts(campaign, terms), method=method)

    def published(self, actor: Actor, campaign: Campaign, terms: SaleTerms) -> Mapping[str, Any]:
        """Plan and publish the sale with the campaign's window. Raises what that raises."""
        later = dt.timedelta(minutes=terms.leftover_minutes)
        data = sales.SaleInput(
            title=campaign.title,
            starts_at=campaign.starts_at,
            ends_at=campaign.ends_at,
            items=[
                sales.ItemInput(
                    terms.variant,
                    _price(terms),
                    public=terms.public,
                    code=terms.codes,
                    fans=terms.fans,
                )
            ],
            per_person=terms.per_person,
            ttl_minutes=terms.minutes,
            admission="queue" if terms.room else "none",
            ticketed=terms.ticketed,
            leftover_at=campaign.starts_at + later if later else None,
            campaign_id=campaign.pk,
            asks=is_narrowed(campaign),
        )
        sale = sales.plan_sale(actor=actor, shop_id=campaign.shop_id or 0, data=data)
        sales.publish_sale(actor=actor, sale_id=sale.pk)
        return {"sale": str(sale.pk)}

    def turned(self, actor: Actor, campaign: Campaign, to: str) -> None:
        """The sale follows its campaign."""
        act = {
            "paused": sales.pause_sale,
            "published": sales.resume_sale,
            "ended": sales.end_sale,
        }[to]
        act(actor=actor, sale_id=int(campaign.public["sale"]))

    def entry_url(self, campaign: Campaign) -> str:
        """See the base."""
        return f"/sale/{campaign.public['sale']}" if "sale" in campaign.public else ""

    def begin(self, new: Beginning[SaleTerms]) -> Opening:
        """There is nothing to begin: people take part on the sale's page."""
        raise Refused("not_offered")

    def expire(self, play: Play[SaleTerms]) -> Sequence[Effect]:
        """There are no instances."""
        raise Refused("not_offered")

    def view(self, shown: Shown[SaleTerms]) -> list[Block]:
        """There are no instances."""
        return []


def _price(terms: SaleTerms) -> int:
    """Return the price of the sale; for honour the usual one."""
    if not terms.honour:
        return terms.price
    return Variant.objects.values_list("price_amount", flat=True).get(pk=terms.variant)
