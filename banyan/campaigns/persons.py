"""Under which keys somebody is known, so that one person counts once."""

from __future__ import annotations

from dataclasses import dataclass

from banyan.kernel.actors import Actor
from banyan.kernel.problems import LoginRequired
from banyan.trust.queries import known


@dataclass(frozen=True, slots=True)
class Person:
    """A member as campaigns know them: the account, every key, and whether a contact is proven.

    ``accounts`` are all of the person's, the own one among them, and ``household`` those of others
    at the same address, as ``trust`` knows them.
    """

    account_id: int
    keys: frozenset[str]
    is_proven: bool
    accounts: frozenset[int]
    household: frozenset[int] = frozenset()

    @property
    def contacts(self) -> set[str]:
        """The keys under which people buy, too: the accounts and the proven contacts."""
        return {key for key in self.keys if not key.startswith("browser:")}


def person_of(actor: Actor) -> Person:
    """Return who plays. Raises LoginRequired for visitors. One statement.

    Keys are the accounts of the person, the proven e-mail address and phone number, and the
    browser, so that a second account in the same hands meets the first one.
    """
    if actor.id is None:
        raise LoginRequired()
    found = known(actor.id)
    contacts = [one.lower() for one in (found.email, found.phone) if one]
    keys = {f"account:{one}" for one in found.accounts} | {f"contact:{one}" for one in contacts}
    if actor.visitor:
        keys.add(f"browser:{actor.visitor}")
    return Person(actor.id, frozenset(keys), bool(contacts), found.accounts, found.household)
