"""What a buyer was shown and agreed to, and how it differs from what holds now."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .pricing import Priced

MOST_LETTERS = 20_000
_AMOUNT = re.compile(r"^([lsdpt])(\d{0,19}):(\d{1,16})$")


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that is another now; ``key`` is a variant (line) or shop (shipping, tax) id.

    ``what``: line (goods before discounts), discount (coupons), points, shipping or tax; minor
    units, 0 for none.
    """

    what: str
    key: int
    before: int
    now: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """The figures of a quote: goods by variant, discount, points, shipping and tax by shop."""

    currency: str
    lines: dict[int, int] = field(default_factory=dict)
    discount: dict[int, int] = field(default_factory=dict)
    shipping: dict[int, int] = field(default_factory=dict)
    tax: dict[int, int] = field(default_factory=dict)
    points: dict[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """What is to be paid."""
        taken = sum(self.discount.values()) + sum(self.points.values())
        added = sum(self.shipping.values()) + sum(self.tax.values())
        return sum(self.lines.values()) - taken + added

    def text(self) -> str:
        """Return it as a short text that a form can carry."""
        kinds = (
            ("l", self.lines),
            ("d", self.discount),
            ("p", self.points),
            ("s", self.shipping),
            ("t", self.tax),
        )
        parts = [f"{kind}{key}:{n}" for kind, found in kinds for key, n in found.items()]
        return " ".join([self.currency, *parts])

    @classmethod
    def read(cls, text: str) -> Agreement:
        """Read such a text; ValueError when it is none."""
        currency, *parts = text[: MOST_LETTERS + 1].split(" ")
        if len(text) > MOST_LETTERS or not re.fullmatch(r"[A-Z]{3}", currency):
            raise ValueError("not an agreement")
        found: dict[str, dict[int, int]] = {"l": {}, "d": {}, "p": {}, "s": {}, "t": {}}
        for part in parts:
            match = _AMOUNT.match(part)
            if match is None:
                raise ValueError(f"not a part of an agreement: {part}")
            kind, key, amount = match.groups()
            found[kind][int(key)] = int(amount)
        return cls(currency, found["l"], found["d"], found["s"], found["t"], found["p"])

    def changes(self, now: Agreement) -> list[Change]:
        """Return every figure that is another in ``now``, lines first."""
        kinds = (
            ("line", self.lines, now.lines),
            ("discount", self.discount, now.discount),
            ("points", self.points, now.points),
            ("shipping", self.shipping, now.shipping),
            ("tax", self.tax, now.tax),
        )
        return [
            Change(what, key, before.get(key, 0), after.get(key, 0))
            for what, before, after in kinds
            for key in dict.fromkeys([*before, *after])
            if before.get(key, 0) != after.get(key, 0)
        ]


def agreement_of(priced: Priced, currency: str) -> Agreement:
    """Return what somebody who sees ``priced`` agrees to."""
    shops = list(dict.fromkeys(line.shop_id for line in priced.lines))
    return Agreement(
        currency,
        {line.key: line.goods for line in priced.lines},
        {shop: n for shop in shops if (n := priced.discount(shop) - priced.points(shop))},
        {shop: priced.shipping(shop) for shop in shops},
        {shop: n for shop in shops if (n := priced.tax(shop))},
        {shop: n for shop in shops if (n := priced.points(shop))},
    )
