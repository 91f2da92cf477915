"""Under which keys somebody is known, so that one person counts once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from banyan.kernel.actors import Actor
from banyan.kernel.problems import LoginRequired
from banyan.kernel.remembered import remembered
from banyan.people.models import Account

from .models import PersonKey


@dataclass(frozen=True, slots=True)
class Person:
    """A member as campaigns know them: the account, every key, and whether a contact is proven."""

    account_id: int
    keys: frozenset[str]
    is_proven: bool

    @property
    def contacts(self) -> set[str]:
        """The keys under which people buy, too: the account and its proven contacts."""
        return {key for key in self.keys if not key.startswith("browser:")}


def person_of(actor: Actor) -> Person:
    """Return who plays. Raises LoginRequired for visitors. One statement.

    Keys are the account, its proven e-mail address and phone number, and the browser, so that a
    second account in the same hands meets the first one.
    """
    if actor.id is None:
        raise LoginRequired()
    (account,) = _account(actor.id)
    keys = _keys(account)
    if actor.visitor:
        keys.add(f"browser:{actor.visitor}")
    return Person(account.pk, frozenset(keys), bool(account.email or account.phone))


def _keys(account: Account) -> set[str]:
    contacts = (account.email, account.phone)
    return {f"account:{account.pk}", *(f"contact:{one.lower()}" for one in contacts if one)}


def seat_scope(instance_id: int, account_id: int) -> str:
    """Return the scope of what somebody in an instance may have in common with others there."""
    return f"{instance_id}:{account_id}"


def seat_keys(person: Person, instance_id: int) -> list[PersonKey]:
    """Return the keys of a place that a second account in the same hands can have, too."""
    own, scope = f"account:{person.account_id}", seat_scope(instance_id, person.account_id)
    return [
        PersonKey(
            account_id=person.account_id,
            scope=f"instance:{instance_id}" if key == own else scope,
            key=key,
        )
        for key in sorted(person.keys)
    ]


def hands_of(instance_id: int, account_id: int, others: Iterable[int]) -> set[int]:
    """Return those of ``others`` in an instance who share a contact or a browser with somebody."""
    mine = PersonKey.objects.filter(scope=seat_scope(instance_id, account_id)).values("key")
    theirs = [seat_scope(instance_id, one) for one in others if one != account_id]
    rows = PersonKey.objects.filter(scope__in=theirs, key__in=mine)
    return set(rows.values_list("account_id", flat=True))


def same_hands(campaign_id: int) -> dict[str, int]:
    """Return how many places of an instance share a contact or a browser, by its code.

    Only instances with such places, newest first. A household is no fault: it is for the shop to
    know. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SAME_HANDS, [campaign_id])
        return dict(cursor.fetchall())


_SAME_HANDS = """
    SELECT i.code, count(DISTINCT a.account_id) FROM campaigns_instance i
    JOIN campaigns_participation a ON a.instance_id = i.id AND a.state <> 'out'
    JOIN campaigns_participation b ON b.instance_id = i.id AND b.state <> 'out'
     AND b.account_id <> a.account_id
    JOIN campaigns_personkey k ON k.scope = i.id || ':' || a.account_id
    JOIN campaigns_personkey l ON l.scope = i.id || ':' || b.account_id
     AND l.key = k.key
    WHERE i.campaign_id = %s GROUP BY i.id, i.code ORDER BY i.id DESC
"""


@remembered
def _account(account_id: int) -> QuerySet[Account]:
    return Account.objects.filter(pk=account_id)
