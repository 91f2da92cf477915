"""What earnings asks of floors above it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

PersonOf = Callable[[Collection[int]], Mapping[int, int]]


def _everybody_is_one(account_ids: Collection[int]) -> Mapping[int, int]:
    return {account_id: account_id for account_id in account_ids}


_person_of: PersonOf = _everybody_is_one


def fill_person_of(answer: PersonOf) -> None:
    """Say which accounts are one person: a function from account ids to a number per person.

    Until somebody who knows (shared payment means, devices, addresses) fills it in
    ``AppConfig.ready()``, every account is a person of its own.
    """
    global _person_of
    _person_of = answer


def person_of(account_ids: Collection[int]) -> Mapping[int, int]:
    """Return the person behind each account."""
    return _person_of(account_ids)
