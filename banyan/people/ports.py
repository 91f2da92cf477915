"""What people asks of the floors above: carry a code, resume an act, find a guest's purchases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.core.exceptions import ImproperlyConfigured

from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money

from .models import Account


class CodeSender(Protocol):
    """Carries a typed code. Called inside a transaction: queue, and send after the commit."""

    def __call__(
        self, *, channel: str, destination: str, code: str, language: str, key: str, minutes: int
    ) -> None:
        """Carry ``code`` to ``destination``; the same ``key`` is carried once."""


Resumer = Callable[[Actor, Mapping[str, Any]], str]
"""Does what was intended, as the member who just signed in, and returns the path to show.

Called outside any transaction, at most once per intent. A Problem is shown as a message and the
member lands on the way back of the sign-in instead."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """A kind of act that can wait for a sign-in.

    ``describe`` says it in words (translated) for the page that asks once more. That page comes
    when somebody signed in already opens the sign-in page, and always for ``confirm`` kinds: acts
    that speak in the member's name, which a stranger must not prepare for them.
    """

    resume: Resumer
    describe: Callable[[Mapping[str, Any]], str]
    confirm: bool = False


class SignInHook(Protocol):
    """Joins what a browser did before it signed in (cart, touches). Repeatable; must not raise."""

    def __call__(self, *, account: Account, visitor: str | None, request_token: str) -> None:
        """``visitor`` is the first-party id, ``request_token`` the cart's; either may be empty."""


@dataclass(frozen=True, slots=True)
class GuestPurchase:
    """A guest's purchase as the offer shows it. ``id`` means something to its source only."""

    id: int
    number: str
    title: str
    total: Money
    at: dt.datetime


class GuestSource(Protocol):
    """Something that guests leave under a contact and that can become an account's."""

    name: str

    def find(self, *, channel: str, contact: str) -> Sequence[GuestPurchase]:
        """Return what was left under a verified contact (email or sms) and has no account."""

    def locks(self, ids: Sequence[int]) -> Iterable[LockKey]:
        """Return the locks that moving ``ids`` needs; people takes them, with all others, once."""

    def move(self, *, account_id: int, ids: Sequence[int], actor: Actor) -> list[int]:
        """Give ``ids`` that still have no account to it; return those that moved.

        In the caller's transaction, locks held. Per-person caps are not exceeded by it and the
        account does not become a new member by it.
        """

    def undo(self, *, account_id: int, ids: Sequence[int], actor: Actor) -> list[int]:
        """Take ``ids`` that are still the account's from it again; return those."""


LeavingOn = Callable[[int], dt.datetime | None]
"""Returns when an account that its owner has closed is erased; None when it does not wait for it.

A sign-in to such an account is asked whether it stays, and opens nothing by itself."""


class NameCheck(Protocol):
    """Says whether names and lines that others read may say what they say."""

    def __call__(self, *, actor: Actor, **texts: str) -> None:
        """Raise Invalid with the names of the ``texts`` that may not."""


_name_checks: list[NameCheck] = []
_leaving: list[LeavingOn] = []
_closers: dict[str, Callable[[int], bool]] = {}
on_sign_in: list[SignInHook] = []
guest_sources: list[GuestSource] = []
_code_sender: list[CodeSender] = []
_resumptions: dict[str, Resumption] = {}


def register_code_sender(sender: CodeSender) -> None:
    """Say who carries codes. Called in ``AppConfig.ready()``; the last one counts."""
    _code_sender[:] = [sender]


def code_sender() -> CodeSender:
    """Return who carries codes; ImproperlyConfigured when nobody does."""
    if not _code_sender:
        raise ImproperlyConfigured("nobody carries sign-in codes")
    return _code_sender[0]


def register_name_check(check: NameCheck) -> None:
    """Say what names may not say. Called in ``AppConfig.ready()``; the last one counts."""
    _name_checks[:] = [check]


def check_names(*, actor: Actor, **texts: str) -> None:
    """Raise Invalid for names that may not say what they say, as the floor above has it."""
    for check in _name_checks:
        check(actor=actor, **texts)


def register_leaving(leaving: LeavingOn) -> None:
    """Say who knows of accounts that are left. Called in ``AppConfig.ready()``; the last counts."""
    _leaving[:] = [leaving]


def leaving_on(account_id: int) -> dt.datetime | None:
    """Return when an account is erased that waits for it, or None."""
    return next((leaving(account_id) for leaving in _leaving), None)


def register_resume(
    kind: str,
    resume: Resumer,
    *,
    describe: Callable[[Mapping[str, Any]], str],
    confirm: bool = False,
) -> None:
    """Let acts of ``kind`` wait for a sign-in. Called in ``AppConfig.ready()``."""
    _resumptions[kind] = Resumption(resume, describe, confirm)


def resumption(kind: str) -> Resumption | None:
    """Return how acts of ``kind`` are resumed, or None when nobody said."""
    return _resumptions.get(kind)


def register_guest_source(source: GuestSource) -> None:
    """Say what else guests leave under a contact. The last registration of a name counts."""
    guest_sources[:] = [known for known in guest_sources if known.name != source.name]
    guest_sources.append(source)


def keep_closed(name: str, closes: Callable[[int], bool]) -> None:
    """Say what else keeps an account closed; asked before one is opened again."""
    _closers[name] = closes


def is_kept_closed(account_id: int) -> bool:
    """Tell whether a floor above wants an account to stay closed."""
    return any(closes(account_id) for closes in _closers.values())


def missing() -> list[str]:
    """Return what no floor above has registered yet; must be empty once Django has started."""
    return [] if _code_sender else ["code sender"]
