"""Which accounts there are, and the arithmetic of entries and reversals. No database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from banyan.kernel.money import split


@dataclass(frozen=True, slots=True)
class Kind:
    """How accounts of a kind are kept, and who may own one.

    ``discipline``: "guarded" (never below zero), "open" (may go below zero, never clamped) or
    "hot" (no running balance, so that many can post at once without waiting for each other).
    """

    discipline: str
    owner_kind: str


KINDS: dict[str, Kind] = {
    "gateway": Kind("hot", "provider"),
    "clearing": Kind("hot", "platform"),
    "payouts_in_transit": Kind("hot", "platform"),
    "credit_issued": Kind("hot", "platform"),
    "adjustments": Kind("hot", "platform"),
    "platform_fees": Kind("hot", "platform"),
    # What providers keep for chargebacks; below zero, since the platform bears it.
    "provider_fees": Kind("hot", "platform"),
    "promotions": Kind("hot", "platform"),
    "shop_payable": Kind("open", "shop"),
    # What a shop bears itself, and what its buyers were spared by that: they mirror each other.
    "shop_costs": Kind("open", "shop"),
    "shop_spared": Kind("open", "shop"),
    "earner_held": Kind("open", "account"),
    "earner_payable": Kind("open", "account"),
    "wallet": Kind("guarded", "account"),
    "escrow": Kind("guarded", "order"),
    "packet": Kind("guarded", "play"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """``amount`` minor units onto ``account_id``: positive credits its owner, negative debits."""

    account_id: int
    amount: int


def fault(entries: Sequence[Entry]) -> str | None:
    """Return why ``entries`` are no journal, as a reason code, or None when they are one."""
    if not entries:
        return "journal_empty"
    if any(entry.amount == 0 for entry in entries):
        return "journal_zero_amount"
    if sum(entry.amount for entry in entries) != 0:
        return "journal_unbalanced"
    return None


def net(entries: Iterable[Entry]) -> dict[int, int]:
    """Return the sum per account, without accounts that come to nothing, by account id."""
    sums: dict[int, int] = {}
    for entry in entries:
        sums[entry.account_id] = sums.get(entry.account_id, 0) + entry.amount
    return {account: sums[account] for account in sorted(sums) if sums[account]}


def portion(amount: int, part: int, whole: int) -> int:
    """Return ``part`` of ``whole`` of a non-negative ``amount``, rounded half up.

    Grows with ``part`` and is exactly ``amount`` when ``part`` equals ``whole``.
    """
    if whole <= 0 or not 0 <= part <= whole:
        raise ValueError(f"{part} is no part of {whole}")
    return (2 * amount * part + whole) // (2 * whole)


def reversal(
    original: Mapping[int, int], reversed_so_far: Mapping[int, int], *, part: int, whole: int
) -> dict[int, int]:
    """Return what to post now, per account, so that ``part`` of ``whole`` is reversed in total.

    ``original`` holds the stored sums per account (they net to zero); ``reversed_so_far`` what
    earlier reversals posted onto the same accounts (opposite signs). The step is split over what
    is left of each account by largest remainder, so every step nets to zero, never changes sign,
    and the last one leaves nothing, whatever parts came before. Empty when there is nothing to do.
    """
    left = {each: amount + reversed_so_far.get(each, 0) for each, amount in original.items()}
    step: dict[int, int] = {}
    for sign in (1, -1):
        side = {account: sign * left[account] for account in left if sign * original[account] > 0}
        total = sum(sign * original[account] for account in side)
        done = total - sum(side.values())
        due = portion(total, part, whole) - done
        if due <= 0:
            continue
        for account, amount in zip(side, split(due, list(side.values())), strict=True):
            if amount:
                step[account] = -sign * amount
    return step
