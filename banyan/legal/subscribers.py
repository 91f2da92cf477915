"""Joining is agreeing to the texts in force; the page of the sign-in says so."""

from __future__ import annotations

from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Meta
from banyan.people.events import AccountCreated

from .actions import accept
from .rules import MEMBERS


@events.subscribe(AccountCreated, consumer="legal.agreeing")
def record_agreement(event: AccountCreated, meta: Meta) -> None:
    """Record to which versions a new member agreed."""
    accept(actor=Actor(kind="member", id=event.account_id), kinds=MEMBERS)
