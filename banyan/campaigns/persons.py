"""Under which keys somebody is known, so that one person counts once."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from banyan.kernel.actors import Actor
from banyan.kernel.problems import LoginRequired
from banyan.kernel.remembered import remembered
from banyan.orders.actions.persons import is_newcomer
from banyan.people.models import Account


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


def is_new(person: Person) -> bool:
    """Tell whether somebody has bought nothing here yet, under any of their names. One statement.

    The one question of all rules for newcomers.
    """
    return is_newcomer(person.contacts)


@remembered
def _account(account_id: int) -> QuerySet[Account]:
    return Account.objects.filter(pk=account_id)
