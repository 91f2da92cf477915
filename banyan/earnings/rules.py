"""Who earns how much from an order line. Pure arithmetic: no database, no clock.

At most two people are paid for a sale, and only for the sale. The rules and why they hold against
made-up accounts: docs/explanation/ledger.md.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from banyan.kernel.money import share_of
from banyan.storefronts.rules import margin_of

MARGIN_HOLD_DAYS = 7
MOST_LEVELS = 2
LEAST_DIRECT_BPS = 7000
RATE_CAP_BPS = 5000
LONGEST_HOLD_DAYS = 90


@dataclass(frozen=True, slots=True)
class Terms:
    """A plan version: ``rate_bps`` of the base in all, ``direct_bps`` of that to level 1."""

    rate_bps: int
    levels: int = 1
    direct_bps: int = 10000
    hold_days: int = 7


@dataclass(frozen=True, slots=True)
class Sharer:
    """A link on the path. ``person`` is equal for accounts that are the same person;
    ``verified`` tells whether that person has paid for an order of their own."""

    account_id: int
    link_id: int
    person: int
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Share:
    """One part of the budget. With a ``reason`` it is refused, and the shop keeps the amount."""

    level: int
    sharer: Sharer
    amount: int
    reason: str = ""


def refusal(terms: Terms) -> str | None:
    """Return the reason code why ``terms`` cannot be a plan, or None."""
    if terms.levels > MOST_LEVELS:
        return "too_many_levels"
    if terms.levels < 1:
        return "no_level"
    if not 0 <= terms.rate_bps <= RATE_CAP_BPS:
        return "rate_over_cap" if terms.rate_bps > 0 else "rate_negative"
    if not LEAST_DIRECT_BPS <= terms.direct_bps <= 10000:
        return "direct_share_too_small" if terms.direct_bps < 10000 else "direct_share_too_large"
    if not 0 <= terms.hold_days <= LONGEST_HOLD_DAYS:
        return "hold_days_out_of_range"
    return None


def budget_of(base: int, terms: Terms) -> int:
    """Return the whole commission of a line, in minor units.

    ``base`` is the line's goods as paid, without tax and shipping.
    """
    return share_of(base, terms.rate_bps)


def direct_part(budget: int, terms: Terms) -> int:
    """Return the least that the direct sharer gets of ``budget``: rounded up, so never under."""
    bps = terms.direct_bps if terms.levels == MOST_LEVELS else 10000
    return -(-budget * bps // 10000)


def split_budget(
    budget: int,
    path: Sequence[Sharer],
    terms: Terms,
    *,
    buyer: int | None = None,
    shop_people: frozenset[int] = frozenset(),
) -> list[Share]:
    """Split ``budget`` over the path (oldest link first); the amounts sum to it exactly.

    ``buyer`` and ``shop_people`` are persons, as in :class:`Sharer`. Empty without a sharer or a
    budget. Reasons: ``self_purchase``, ``own_shop``, ``direct_not_verified``. Accounts of one
    person count as one. A second level needs two persons who have both bought for themselves;
    the odd cent goes to the direct sharer.
    """
    if not path or budget <= 0:
        return []

    def why_not(sharer: Sharer) -> str:
        if sharer.person == buyer:
            return "self_purchase"
        return "own_shop" if sharer.person in shop_people else ""

    direct = path[-1]
    second = _second(path, direct) if terms.levels == MOST_LEVELS else None
    if second is None:
        return [Share(1, direct, budget, why_not(direct))]
    first_part = direct_part(budget, terms)
    shares = [Share(1, direct, first_part, why_not(direct))]
    if budget > first_part:
        reason = why_not(second) or ("" if direct.verified else "direct_not_verified")
        shares.append(Share(2, second, budget - first_part, reason))
    return shares


def _second(path: Sequence[Sharer], direct: Sharer) -> Sharer | None:
    """Return the nearest verified sharer above who is somebody else."""
    for sharer in reversed(path[:-1]):
        if sharer.person != direct.person and sharer.verified:
            return sharer
    return None


def arithmetic(base: int, budget: int, terms: Terms, share: Share) -> dict[str, int]:
    """Return the figures of one share, for the page that explains it."""
    return {
        "base": base,
        "rate_bps": terms.rate_bps,
        "budget": budget,
        "levels": terms.levels,
        "direct_bps": terms.direct_bps,
        "level": share.level,
        "amount": share.amount,
    }


@dataclass(frozen=True, slots=True)
class Margin:
    """What a page earns from a pooled line: ``gross`` is ``tax``, ``fee`` and ``amount`` together.

    ``gross`` = (``unit`` - ``supply``) x ``quantity`` - ``discount``, never below zero. ``tax`` is
    the part of it that the seller, who is the supplier, owes as tax contained in the price.
    """

    unit: int
    supply: int
    quantity: int
    discount: int
    gross: int
    tax: int
    fee_bps: int
    fee: int
    amount: int


def margin(
    *,
    unit: int,
    supply: int,
    quantity: int,
    fee_bps: int,
    discount: int = 0,
    paid: int = 0,
    included_tax: int = 0,
) -> Margin:
    """Split a pooled line between its page and the platform; the supplier's part stays whole.

    ``discount`` is what comes out of the page's pocket; ``included_tax`` is contained in what was
    ``paid`` for the goods. The fee is rounded down.
    """
    gross = margin_of(unit=unit, supply=supply, quantity=quantity, discount=discount)
    tax = included_tax * min(gross, paid) // paid if paid else 0
    fee = (gross - tax) * fee_bps // 10_000
    return Margin(unit, supply, quantity, discount, gross, tax, fee_bps, fee, gross - tax - fee)


LONGEST_DESTINATION = 200


def one_line(text: str) -> str:
    """Return ``text`` as one line, without blanks around it; "" where it is none or too long."""
    plain = "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in text).strip()
    return plain if len(plain) <= LONGEST_DESTINATION and plain.isprintable() else ""


def covered(remaining: Sequence[int], *, amount: int, balance: int) -> int:
    """Return how many of the payable commissions, oldest first, a payout of ``amount`` settles.

    ``remaining`` are their amounts; ``balance`` is what stands on the account before the payout.
    What is missing between the two was taken back earlier, and is netted against the oldest.
    """
    reach = amount + sum(remaining) - balance
    for count, part in enumerate(remaining):
        reach -= part
        if reach < 0:
            return count
    return len(remaining)
