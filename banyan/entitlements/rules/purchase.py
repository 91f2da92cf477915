"""What coupon rules know of a purchase, and of a coupon that somebody may use. No database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .terms import Miss, Terms

Shipping = Sequence[int]
"""What a shop asks for shipping, and then what each coupon takes off it."""
OnTop = Callable[[Mapping[int, int]], Callable[[Shipping], int]]
"""The tax that comes on top, given what is left of lines' goods, and then the shipping."""

CLASSES = ("exclusive", "platform", "shop", "shipping")
"""Stacking classes in the fixed order in which their coupons are worked out."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of goods; ``goods`` is what it costs before any coupon, in minor units.

    ``categories`` holds its category and all above it; ``shared``: it was reached through a link;
    ``sent``: it travels, so its goods count for what shipping costs.
    """

    key: int
    shop_id: int
    product_id: int
    quantity: int
    goods: int
    categories: frozenset[int] = frozenset()
    tags: frozenset[str] = frozenset()
    variant_id: int = 0
    shared: bool = False
    sent: bool = True


@dataclass(frozen=True, slots=True)
class Purchase:
    """Lines to buy; ``shipping`` maps a shop to what it asks for, given its goods after coupons.

    Only goods that travel count for it. ``most_shipping`` is what a shop may ask for at most,
    where that is more than for no goods. ``on_top`` has the shops whose prices come without tax.
    ``newcomer`` is None while nobody knows who buys.
    """

    lines: tuple[Line, ...]
    shipping: Mapping[int, Callable[[int], int]]
    currency: str
    at: dt.datetime
    newcomer: bool | None = None
    most_shipping: Mapping[int, int] = field(default_factory=dict)
    on_top: Mapping[int, OnTop] = field(default_factory=dict)

    def shops(self) -> list[int]:
        """Return the shops, in order of first appearance."""
        return list(dict.fromkeys(line.shop_id for line in self.lines))

    def goods(self, shop_id: int) -> int:
        """Return what the goods of a shop cost before any coupon."""
        return sum(line.goods for line in self.lines if line.shop_id == shop_id)

    def asked(self, shop_id: int, left: Mapping[int, int]) -> int:
        """Return what a shop asks for shipping, given what is left of its lines' goods."""
        sent = (line for line in self.lines if line.shop_id == shop_id and line.sent)
        return self.shipping[shop_id](sum(left[line.key] for line in sent))

    def most_asked(self, shop_id: int) -> int:
        """Return what a shop may ask for shipping at most."""
        return max(self.shipping[shop_id](0), self.most_shipping.get(shop_id, 0))

    def taxed(self, shop_id: int, left: Mapping[int, int]) -> Callable[[Shipping], int]:
        """Return the tax that comes on top in a shop, by its shipping; see ``OnTop``."""
        tax = self.on_top.get(shop_id)
        return _untaxed if tax is None else tax(left)

    def total(self) -> int:
        """Return what is paid without any coupon."""
        whole, paid = {line.key: line.goods for line in self.lines}, 0
        for shop in self.shops():
            asked = self.asked(shop, whole)
            paid += self.goods(shop) + asked + self.taxed(shop, whole)([asked])
        return paid


def _untaxed(shipping: Shipping) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A coupon that may be used here: one a member holds, one for everybody, or a typed code.

    ``key`` is what would be spent (the grant, else the coupon). ``shop_id`` None: the platform's.
    ``blocked`` is why it cannot be used whatever is bought; empty when nothing is known.
    """

    key: int
    coupon_id: int
    shop_id: int | None
    code: str
    title: str
    stacking: str
    terms: Terms
    currency: str
    starts_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    budget_left: int | None = None
    blocked: str = ""
    grant_id: int | None = None
    is_given: bool = False
    typed: bool = False
    version: int = 1

    @property
    def funded_by(self) -> str:
        """Who bears what it takes off: shop or platform."""
        return "platform" if self.shop_id is None else "shop"

    def place(self) -> tuple[int, int]:
        """Return where it stands in the order of working out."""
        return CLASSES.index(self.stacking), self.coupon_id

    def lines(self, purchase: Purchase) -> list[Line]:
        """Return the lines it is for."""
        mine = (line for line in purchase.lines if self.shop_id in (None, line.shop_id))
        return [line for line in mine if self.terms.keeps(line)]

    def seats(self, purchase: Purchase) -> frozenset[tuple[str, int]]:
        """Return the seats it takes. Coupons go together when no two take the same seat.

        Every coupon of a class takes that class's seat: one platform coupon per purchase, one
        shop coupon and one shipping coupon per shop. An exclusive coupon takes all of them.
        """
        shops = purchase.shops()
        if self.stacking == "exclusive":
            every = {(name, shop) for name in ("shop", "shipping") for shop in shops}
            return frozenset({("platform", 0), *every})
        if self.stacking == "platform":
            return frozenset({("platform", 0)})
        mine = shops if self.shop_id is None else [self.shop_id]
        return frozenset((self.stacking, shop) for shop in mine)


@dataclass(frozen=True, slots=True)
class Given:
    """A coupon at work: what it takes off goods by line key, and off shipping by shop."""

    candidate: Candidate
    goods: Mapping[int, int]
    shipping: Mapping[int, int]

    @property
    def amount(self) -> int:
        """All that it takes off."""
        return sum(self.goods.values()) + sum(self.shipping.values())


@dataclass(frozen=True, slots=True)
class Refused:
    """A coupon that is not used, and why; ``rivals`` are used ones whose seats it would need."""

    candidate: Candidate
    miss: Miss
    rivals: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BestSet:
    """What to use, what not and why; ``savings`` against buying without any coupon."""

    applied: tuple[Given, ...] = ()
    refused: tuple[Refused, ...] = ()
    savings: int = 0

    def refusal_of(self, keys: Iterable[int]) -> Refused | None:
        """Return the first refusal of one of ``keys``."""
        wanted = set(keys)
        return next((one for one in self.refused if one.candidate.key in wanted), None)


@dataclass(slots=True)
class Left:
    """What is left to take off, while coupons are worked out: goods by line, shipping by shop."""

    goods: dict[int, int]
    shipping: dict[int, int] = field(default_factory=dict)
