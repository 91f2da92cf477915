"""What coupons ask for. All are asked of the purchase as it is before any coupon."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from typing import Annotated, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import AfterValidator

from .benefits import money_words
from .purchase import Line, Purchase
from .terms import Amount, Condition, Count, FirstHour, Ids, LastHour, Miss, Text, Words, register


@register
class MinSpend(Condition):
    """The goods it is for cost at least so much."""

    code: ClassVar[str] = "min_spend"
    label: ClassVar[Text] = gettext_lazy("From a goods total of")
    amount: Amount

    def miss(self, purchase: Purchase, lines: Sequence[Line]) -> Miss | None:
        """See the base."""
        more = self.amount - sum(line.goods for line in lines)
        return Miss("coupon_min_spend", more) if more > 0 else None

    def sentence(self, currency: str) -> str:
        """See the base."""
        return _("from %(amount)s") % {"amount": money_words(self.amount, currency)}


@register
class MinQuantity(Condition):
    """At least so many pieces."""

    code: ClassVar[str] = "min_quantity"
    label: ClassVar[Text] = gettext_lazy("From a number of pieces")
    pieces: Count

    def miss(self, purchase: Purchase, lines: Sequence[Line]) -> Miss | None:
        """See the base."""
        more = self.pieces - sum(line.quantity for line in lines)
        return Miss("coupon_min_quantity", more) if more > 0 else None

    def sentence(self, currency: str) -> str:
        """See the base."""
        text = ngettext("from %(n)s piece", "from %(n)s pieces", self.pieces)
        return text % {"n": self.pieces}


@register
class Products(Condition):
    """Only for some products."""

    code: ClassVar[str] = "products"
    label: ClassVar[Text] = gettext_lazy("Only for some products")
    ids: Ids

    def keeps(self, line: Line) -> bool:
        """See the base."""
        return line.product_id in self.ids

    def sentence(self, currency: str) -> str:
        """See the base."""
        text = ngettext("for %(n)s product", "for %(n)s products", len(self.ids))
        return text % {"n": len(self.ids)}


@register
class Variants(Condition):
    """Only for some variants: what a campaign's price for one thing is as a coupon."""

    code: ClassVar[str] = "variants"
    label: ClassVar[Text] = gettext_lazy("Only for some variants")
    ids: Ids

    def keeps(self, line: Line) -> bool:
        """See the base."""
        return line.variant_id in self.ids

    def sentence(self, currency: str) -> str:
        """See the base."""
        text = ngettext("for %(n)s thing", "for %(n)s things", len(self.ids))
        return text % {"n": len(self.ids)}


@register
class Categories(Condition):
    """Only for goods of some categories and those below them."""

    code: ClassVar[str] = "categories"
    label: ClassVar[Text] = gettext_lazy("Only for some categories")
    ids: Ids

    def keeps(self, line: Line) -> bool:
        """See the base."""
        return not line.categories.isdisjoint(self.ids)

    def sentence(self, currency: str) -> str:
        """See the base."""
        text = ngettext("for %(n)s category", "for %(n)s categories", len(self.ids))
        return text % {"n": len(self.ids)}


@register
class Tags(Condition):
    """Only for goods with one of some tags."""

    code: ClassVar[str] = "tags"
    label: ClassVar[Text] = gettext_lazy("Only for goods with a tag")
    names: Words

    def keeps(self, line: Line) -> bool:
        """See the base."""
        wanted = {name.casefold() for name in self.names}
        return any(tag.casefold() in wanted for tag in line.tags)

    def sentence(self, currency: str) -> str:
        """See the base."""
        return _("for goods with the tag %(tags)s") % {"tags": ", ".join(self.names)}


@register
class Shops(Condition):
    """Only for goods of some shops; for coupons of the platform."""

    code: ClassVar[str] = "shops"
    label: ClassVar[Text] = gettext_lazy("Only for some shops")
    ids: Ids

    def keeps(self, line: Line) -> bool:
        """See the base."""
        return line.shop_id in self.ids

    def sentence(self, currency: str) -> str:
        """See the base."""
        return ngettext("in %(n)s shop", "in %(n)s shops", len(self.ids)) % {"n": len(self.ids)}


@register
class NewCustomer(Condition):
    """The buyer has paid no order yet, under no identity that is known to be theirs."""

    code: ClassVar[str] = "new_customer"
    label: ClassVar[Text] = gettext_lazy("Only for the first order")

    def miss(self, purchase: Purchase, lines: Sequence[Line]) -> Miss | None:
        """See the base."""
        if purchase.newcomer is None:
            return Miss("coupon_who_are_you")
        return None if purchase.newcomer else Miss("coupon_new_customer")

    def sentence(self, currency: str) -> str:
        """See the base."""
        return _("for a first order")


@register
class Shared(Condition):
    """Something it is for was reached through a share link."""

    code: ClassVar[str] = "shared"
    label: ClassVar[Text] = gettext_lazy("Only through a share link")

    def miss(self, purchase: Purchase, lines: Sequence[Line]) -> Miss | None:
        """See the base."""
        return None if any(line.shared for line in lines) else Miss("coupon_shared_only")

    def sentence(self, currency: str) -> str:
        """See the base."""
        return _("through a share link")


def _zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone") from error
    return name


@register
class HoursOfDay(Condition):
    """Between two full hours of the day, the second left out; over midnight when it is smaller."""

    code: ClassVar[str] = "hours_of_day"
    label: ClassVar[Text] = gettext_lazy("Only at some hours of the day")
    start: FirstHour
    end: LastHour
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"

    def miss(self, purchase: Purchase, lines: Sequence[Line]) -> Miss | None:
        """See the base."""
        hour = purchase.at.astimezone(zoneinfo.ZoneInfo(self.zone)).hour
        if self.start < self.end:
            inside = self.start <= hour < self.end
        else:
            inside = hour >= self.start or hour < self.end
        return None if inside else Miss("coupon_other_hours")

    def sentence(self, currency: str) -> str:
        """See the base."""
        words = {"start": f"{self.start}:00", "end": f"{self.end}:00", "zone": self.zone}
        return _("from %(start)s to %(end)s (%(zone)s)") % words
