"""What joins accounts, how strongly and for how long. Pure: no database, no clock."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

STRONG, USUAL, WEAK = "strong", "usual", "weak"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of key: how strongly it joins, and how long after it was last seen.

    ``strong`` joins every account that has it. ``usual`` joins an account only by the key it has
    been seen with most often: whoever sends a present to a friend is not that friend. ``weak``
    joins nobody to a person; it makes a household.
    """

    strength: str
    lasts: dt.timedelta


CONTACT, BROWSER, PAYMENT, RECIPIENT, ADDRESS = (
    "contact", "browser", "payment", "recipient", "address"
)  # fmt: skip
_YEAR = dt.timedelta(days=365)
KINDS: Mapping[str, Kind] = {
    CONTACT: Kind(STRONG, 2 * _YEAR),
    PAYMENT: Kind(STRONG, 2 * _YEAR),
    BROWSER: Kind(STRONG, _YEAR / 2),
    RECIPIENT: Kind(USUAL, _YEAR),
    ADDRESS: Kind(WEAK, _YEAR),
}
"""A proven e-mail address or phone, a means of payment, a device, an address with a name, an
address alone."""

CROWD = 20
"""A key that more accounts have joins nobody: a library's computer, a company's front desk."""


@dataclass(frozen=True, slots=True)
class Key:
    """Something that accounts can have in common, in the clear; it is never stored like that."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Sight:
    """An account was seen with a key (its digest) so many times, first at ``since``."""

    account_id: int
    kind: str
    digest: str
    times: int
    since: dt.datetime


AGAIN = dt.timedelta(days=1)
"""How long a key is not counted again."""


@dataclass(frozen=True, slots=True)
class Span:
    """On how many days a key was seen, from when to when."""

    times: int
    first: dt.datetime
    last: dt.datetime


def spanning(
    span: Span | None, moments: Iterable[dt.datetime], *, lasts: dt.timedelta, now: dt.datetime
) -> Span | None:
    """Return the span of an edge after its key was seen at ``moments``, too, in whatever order.

    The same moments a second time change nothing. What was so long before that the edge would have
    been forgotten in between does not count; nor does, without a span, what is over by ``now``.
    """
    for at in sorted(moments, reverse=True):
        if span is None:
            span = Span(1, at, at) if at + lasts > now else None
        elif at >= span.last + AGAIN:
            span = Span(span.times + 1, span.first, at)
        elif at <= span.first - AGAIN and at + lasts > span.first:
            span = Span(span.times + 1, at, span.last)
    return span


def contact_key(contact: str) -> Key:
    """Return the key of a proven contact; what follows a plus in an e-mail address is a tag."""
    name, at, domain = contact.strip().lower().rpartition("@")
    return Key(CONTACT, f"{name.partition('+')[0]}{at}{domain}" if at else domain)


def address_keys(address: Mapping[str, str]) -> list[Key]:
    """Return the keys of a delivery address: with its recipient, and alone. None without a street.

    Letters and digits alone count, whatever their case and width. The postcode does not: it repeats
    the rest, where it is given at all.
    """
    parts = [_plain(address.get(name) or "") for name in _PLACE]
    if not parts[-1]:
        return []
    place = "|".join(parts)
    name = _plain(address.get("recipient") or "")
    named = [Key(RECIPIENT, f"{place}|{name}")] if name else []
    return [*named, Key(ADDRESS, place)]


_PLACE = ("country", "level1", "level2", "level3", "street")


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def joining(sights: Iterable[Sight]) -> set[tuple[int, str]]:
    """Return the (account, digest) pairs that join accounts to persons, of edges that hold.

    An account's ``usual`` key is the one seen most often, of equals the first.
    """
    found: set[tuple[int, str]] = set()
    usual: dict[tuple[int, str], Sight] = {}
    for one in sights:
        strength = KINDS[one.kind].strength
        if strength == STRONG:
            found.add((one.account_id, one.digest))
        elif strength == USUAL:
            place = (one.account_id, one.kind)
            usual[place] = max(usual.get(place, one), one, key=_standing)
    return found | {(one.account_id, one.digest) for one in usual.values()}


def _standing(one: Sight) -> tuple[int, float, str]:
    return one.times, -one.since.timestamp(), one.digest


def clusters(accounts: Collection[int], joined: Iterable[tuple[int, str]]) -> dict[int, int]:
    """Return the cluster of each account: the smallest account that a way of keys leads to.

    Union-find with path halving.
    """
    parent = {account: account for account in accounts}

    def root(account: int) -> int:
        while parent[account] != account:
            parent[account] = parent[parent[account]]
            account = parent[account]
        return account

    first: dict[str, int] = {}
    for account, digest in joined:
        one, other = root(account), root(first.setdefault(digest, account))
        parent[max(one, other)] = min(one, other)
    return {account: root(account) for account in accounts}
