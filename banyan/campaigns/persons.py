"""Under which keys somebody is known, so that one person counts once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import LoginRequired
from banyan.kernel.remembered import run
from banyan.orders.actions.persons import is_newcomer
from banyan.trust.queries import known

from .models import PersonKey


@dataclass(frozen=True, slots=True)
class Person:
    """A member as campaigns know them: the account, every key, and whether a contact is proven.

    ``accounts`` are all of the person's, the own one among them, as ``trust`` knows them.
    ``contacts`` are the keys under which people buy: the accounts and the proven contacts of all.
    """

    account_id: int
    keys: frozenset[str]
    is_proven: bool
    accounts: frozenset[int]
    contacts: frozenset[str]


def person_of(actor: Actor) -> Person:
    """Return who plays. Raises LoginRequired for visitors. One statement.

    Keys are the accounts of the person, the proven e-mail address and phone number, and the
    browser, so that a second account in the same hands meets the first one.
    """
    if actor.id is None:
        raise LoginRequired()
    found = known(actor.id)
    contacts = [one.lower() for one in (found.email, found.phone) if one]
    accounts = {f"account:{one}" for one in found.accounts}
    keys = accounts | {f"contact:{one}" for one in contacts}
    if actor.visitor:
        keys.add(f"browser:{actor.visitor}")
    return Person(
        actor.id,
        frozenset(keys),
        bool(contacts),
        found.accounts,
        frozenset(accounts | {f"contact:{one}" for one in found.contacts}),
    )


def seat_scope(instance_id: int, account_id: int) -> str:
    """Return the scope of what somebody in an instance may have in common with others there."""
    return f"{instance_id}:{account_id}"


def is_new(person: Person, *, at: dt.datetime | None = None) -> bool:
    """Tell whether somebody has bought nothing here yet, under any of their names. One statement.

    Or had not yet bought anything at ``at``. The one question of all rules for newcomers.
    """
    return is_newcomer(person.contacts, at=at)


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
    """Return those of ``others`` in an instance who are somebody, as ``trust`` knows it, or share a
    contact or a browser with them. Two statements.
    """
    mine = PersonKey.objects.filter(scope=seat_scope(instance_id, account_id)).values("key")
    theirs = [seat_scope(instance_id, one) for one in others if one != account_id]
    rows = PersonKey.objects.filter(scope__in=theirs, key__in=mine)
    return {*rows.values_list("account_id", flat=True), *known(account_id).accounts}


def same_hands(campaign_id: int) -> dict[str, int]:
    """Return how many places of an instance are in the same hands as another, by its code.

    Of one person as ``trust`` knows it now, at one address, or with one contact or browser. Only
    instances with such places, newest first. A household is no fault: it is for the shop to know.
    One statement.
    """
    now = clock.now()
    found = run(_SAME_HANDS, [now, now, campaign_id]).fetchall()
    return dict(found)


_SAME_HANDS = """
    SELECT i.code, count(DISTINCT a.account_id) FROM campaigns_instance i
    JOIN campaigns_participation a ON a.instance_id = i.id AND a.state <> 'out'
    JOIN campaigns_participation b ON b.instance_id = i.id AND b.state <> 'out'
     AND b.account_id <> a.account_id
     AND (EXISTS (SELECT FROM campaigns_personkey k JOIN campaigns_personkey l ON l.key = k.key
                  WHERE k.scope = i.id || ':' || a.account_id
                    AND l.scope = i.id || ':' || b.account_id)
       OR EXISTS (SELECT FROM trust_joined m JOIN trust_joined n ON n.cluster = m.cluster
                  WHERE m.account_id = a.account_id AND n.account_id = b.account_id)
       OR EXISTS (SELECT FROM trust_edge e JOIN trust_edge f ON f.digest = e.digest
                  WHERE e.account_id = a.account_id AND f.account_id = b.account_id
                    AND e.kind = 'address' AND e.cut_at IS NULL AND f.cut_at IS NULL
                    AND e.expires_at > %s AND f.expires_at > %s))
    WHERE i.campaign_id = %s GROUP BY i.id, i.code ORDER BY i.id DESC
"""
