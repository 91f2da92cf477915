"""The best legal set of coupons for a purchase: exact, and the same whatever order they come in.

Coupons are worked out in one order: platform's, shops', then shipping; each sees what earlier ones
left. The platform's come first, so what they take off does not depend on any shop's coupon; given
those, each shop's choice stands alone. That is why looking at every choice per shop, for every
choice of the platform's, finds the best of all sets without building them: (platform's + 1) times
the sum over shops of (shop's + 1) x (shipping + 1), instead of their product.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from banyan.kernel.clock import within

from .purchase import BestSet, Candidate, Given, Left, Line, Purchase, Refused, Shipping
from .terms import Benefit, Miss

_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


def refusal(candidate: Candidate, purchase: Purchase) -> Miss | None:
    """Return why a coupon may not be used for a purchase, other coupons apart; None if it may."""
    if candidate.blocked:
        return Miss(candidate.blocked)
    if not within(purchase.at, candidate.starts_at, candidate.expires_at):
        return Miss("coupon_not_valid_now")
    if candidate.currency != purchase.currency:
        return Miss("coupon_other_currency")
    miss = candidate.terms.miss(purchase, candidate.lines(purchase))
    left = candidate.budget_left
    if miss is None and left is not None and _most(candidate, purchase) > left:
        return Miss("coupon_used_up")
    return miss


def _most(candidate: Candidate, purchase: Purchase) -> int:
    """Return what a coupon can take off at most: other coupons leave it less of the goods.

    A benefit takes less of less. Several one after the other may not: which piece is the cheapest
    changes with what others took. So each counts with what it would take alone.
    """
    lines, untouched = candidate.lines(purchase), _untouched(purchase).goods
    alone = 0
    if candidate.stacking != "shipping":
        benefits = candidate.terms.benefits
        alone = sum(sum(_taken(one, lines, untouched).values()) for one in benefits)
    shops = _shops(candidate, purchase)
    return min(alone, sum(line.goods for line in lines)) + sum(
        _off_shipping(candidate, purchase.most_asked(shop)) for shop in shops
    )


def apply_set(purchase: Purchase, chosen: Iterable[Candidate]) -> tuple[Given, ...]:
    """Work out what each of some coupons takes off when all are used, in their fixed order."""
    ordered = sorted(chosen, key=Candidate.place)
    left = _untouched(purchase)
    goods = [_take(one, one.lines(purchase), left) for one in ordered]
    for shop in purchase.shops():
        left.shipping[shop] = purchase.asked(shop, left.goods)
    found = []
    for one, off in zip(ordered, goods, strict=True):
        shipping = {}
        for shop in _shops(one, purchase):
            part = _off_shipping(one, left.shipping[shop])
            left.shipping[shop] -= part
            if part:
                shipping[shop] = part
        found.append(Given(one, off, shipping))
    return tuple(found)


def savings(purchase: Purchase, given: Iterable[Given]) -> int:
    """Return how much less is paid with these coupons; below zero when they cost free shipping.

    ``given`` in the order in which they are worked out.
    """
    left, given = _untouched(purchase).goods, list(given)
    for one in given:
        for key, part in one.goods.items():
            left[key] -= part
    paid = sum(left.values())
    for shop in purchase.shops():
        asked = purchase.asked(shop, left)
        off = [one.shipping.get(shop, 0) for one in given]
        paid += asked - sum(off) + purchase.taxed(shop, left)([asked, *off])
    return purchase.total() - paid


def go_together(purchase: Purchase, chosen: Iterable[Candidate]) -> bool:
    """Tell whether no two coupons take the same seat."""
    taken: set[tuple[str, int]] = set()
    for one in chosen:
        seats = one.seats(purchase)
        if not taken.isdisjoint(seats):
            return False
        taken |= seats
    return True


def rank(paid: int, chosen: Sequence[Candidate]) -> tuple[Any, ...]:
    """Return what the best set is smallest of: paid, then coupons spent, then what runs out first.

    The last part, the keys, only makes the choice the same each time.
    """
    ends = sorted(one.expires_at or _NEVER for one in chosen)
    return paid, len(chosen), ends, sorted(one.key for one in chosen)


def best_set(purchase: Purchase, candidates: Iterable[Candidate]) -> BestSet:
    """Return the legal set that saves most, and of every other coupon why it is not in it."""
    asked = {one.key: one for one in candidates}
    usable, refused = [], []
    for _key, one in sorted(asked.items()):
        miss = refusal(one, purchase)
        if miss is None:
            usable.append(one)
        else:
            refused.append(Refused(one, miss))
    chosen = min(_sets(purchase, usable), key=lambda found: rank(*found))[1] if usable else []
    applied = apply_set(purchase, chosen)
    used = {one.key for one in chosen}
    for one in usable:
        if one.key not in used:
            refused.append(_beaten(purchase, one, chosen))
    return BestSet(applied, tuple(refused), savings(purchase, applied))


def _beaten(purchase: Purchase, one: Candidate, chosen: Sequence[Candidate]) -> Refused:
    """Return why a coupon that could be used is not: others save more, or it saves nothing."""
    if savings(purchase, apply_set(purchase, [one])) <= 0:
        return Refused(one, Miss("coupon_nothing"))
    seats = one.seats(purchase)
    rivals = tuple(other.key for other in chosen if not seats.isdisjoint(other.seats(purchase)))
    return Refused(one, Miss("coupon_less" if rivals else "coupon_nothing"), rivals)


def _sets(purchase: Purchase, usable: Sequence[Candidate]) -> Iterator[tuple[int, list[Candidate]]]:
    """Return sets with what is paid under them, the best of all among them."""
    yield purchase.total(), []
    for one in usable:
        if one.stacking == "exclusive":
            saved = savings(purchase, apply_set(purchase, [one]))
            yield purchase.total() - saved, [one]
    platform = [one for one in usable if one.stacking == "platform"]
    wide = [one for one in usable if one.stacking == "shipping" and one.shop_id is None]
    for first in (None, *platform):
        left = _untouched(purchase)
        if first is not None:
            _take(first, first.lines(purchase), left)
        stalls = [_Stall(purchase, shop, usable, first, left) for shop in purchase.shops()]
        for over in (None, *wide):
            parts = [stall.best(over) for stall in stalls]
            given = [one for one in (first, over) if one is not None]
            chosen = given + [one for _paid, mine in parts for one in mine]
            yield sum(paid for paid, _mine in parts), chosen


@dataclass(slots=True)
class _Way:
    """One shop coupon (or none) of a shop: what is left of its goods and its shipping after it.

    ``asked`` is for shipping, and then what the platform's coupon and this one take off it.
    """

    coupon: Candidate | None
    goods: int
    shipping: int
    asked: tuple[int, ...]
    tax: Callable[[Shipping], int]


class _Stall:
    """The choices of one shop, given what the platform's coupon has taken off."""

    def __init__(
        self,
        purchase: Purchase,
        shop: int,
        usable: Sequence[Candidate],
        first: Candidate | None,
        left: Left,
    ) -> None:
        self.purchase, self.shop = purchase, shop
        mine = [one for one in usable if one.shop_id == shop]
        self.shipping: list[Candidate | None] = [None]
        self.shipping += [one for one in mine if one.stacking == "shipping"]
        keys = [line.key for line in purchase.lines if line.shop_id == shop]
        ways: list[Candidate | None] = [None, *(one for one in mine if one.stacking == "shop")]
        self.ways = []
        for coupon in ways:
            after = Left({key: left.goods[key] for key in keys})
            if coupon is not None:
                _take(coupon, coupon.lines(purchase), after)
            goods = sum(after.goods.values())
            ship = purchase.asked(shop, after.goods)
            asked = [ship]
            for one in (first, coupon):
                asked.append(self._off(one, ship))
                ship -= asked[-1]
            tax = purchase.taxed(shop, after.goods)
            self.ways.append(_Way(coupon, goods, ship, tuple(asked), tax))

    def _off(self, one: Candidate | None, shipping: int) -> int:
        """Return what a coupon takes off the shop's shipping; nothing if it is for other shops."""
        if one is None or self.shop not in _shops(one, self.purchase):
            return 0
        return _off_shipping(one, shipping)

    def _paid(self, way: _Way, off: int) -> int:
        """Return what is paid in the shop when the last coupon takes ``off`` its shipping."""
        return way.goods + way.shipping - off + way.tax([*way.asked, off])

    def best(self, over: Candidate | None) -> tuple[int, list[Candidate]]:
        """Return the shop's best choice; with a shipping coupon ``over`` all shops, no own one."""
        last: Sequence[Candidate | None] = self.shipping if over is None else [over]
        return min(
            (
                (
                    self._paid(way, self._off(ship, way.shipping)),
                    [one for one in (way.coupon, ship if over is None else None) if one],
                )
                for way in self.ways
                for ship in last
            ),
            key=lambda found: rank(*found),
        )


def _untouched(purchase: Purchase) -> Left:
    return Left({line.key: line.goods for line in purchase.lines})


def _off_goods(candidate: Candidate, lines: Sequence[Line], left: dict[int, int]) -> dict[int, int]:
    """Return what all benefits of a coupon take off, one after the other.

    A shipping coupon takes off shipping only: that it meets no shop's coupon keeps shops apart.
    """
    if candidate.stacking == "shipping":
        return {}
    left, total = dict(left), dict[int, int]()
    for benefit in candidate.terms.benefits:
        for key, part in _taken(benefit, lines, left).items():
            left[key] -= part
            total[key] = total.get(key, 0) + part
    return total


def _taken(benefit: Benefit, lines: Sequence[Line], left: dict[int, int]) -> dict[int, int]:
    """Return what one benefit takes off lines, never more than is left of one."""
    off = benefit.off_goods(lines, left).items()
    return {key: part for key, given in off if (part := max(0, min(given, left[key])))}


def _take(candidate: Candidate, lines: Sequence[Line], left: Left) -> dict[int, int]:
    off = _off_goods(candidate, lines, left.goods)
    for key, part in off.items():
        left.goods[key] -= part
    return off


def _off_shipping(candidate: Candidate, amount: int) -> int:
    left = amount
    for benefit in candidate.terms.benefits:
        left -= max(0, min(benefit.off_shipping(left), left))
    return amount - left


def _shops(candidate: Candidate, purchase: Purchase) -> list[int]:
    """Return the shops that a coupon is for goods of."""
    return list(dict.fromkeys(line.shop_id for line in candidate.lines(purchase)))
