"""May this be said? The word filter, limits against spam, and limits on people."""

from __future__ import annotations

import hashlib
from typing import Literal

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Forbidden, Invalid, TooMany
from banyan.kernel.ratelimits import hit
from banyan.people.models import Account

from ..models import ListedWord
from ..queries import limit_of
from ..rules import limits, words

Held = Literal["", "hold"]
DAY = 86_400


def check_text(*, actor: Actor, text: str, where: str) -> Held:
    """Tell whether a member may say ``text``: "" is yes, "hold" is not before a moderator looked.

    ``where``: post, comment, message, or stranger (a message to somebody who does not know them).
    Call it before the action's transaction: it counts what is said, and a refusal must count.
    Raises Forbidden ``limited``, Invalid ``words_blocked``, ``too_many_links`` or
    ``too_many_mentions``, TooMany ``said_enough`` or ``said_again``. Guests and the system pass;
    members of the demo may say as much as they like.
    """
    if actor.id is None or actor.kind == "system":
        return ""
    if where != limits.MESSAGE:
        require_unlimited(actor)  # whom one knows, one may still write to
    account = Account.objects.filter(pk=actor.id).first()
    if account is None:
        return ""
    # The demo's people tell a year within a minute: how much they say has no limit, what does.
    bounds = None if account.is_demo else _limits_of(account)
    if bounds:
        _check_amounts(text, bounds)
    effect = _listed(text)
    if effect == "block":
        raise Invalid(_("This holds words that are not said here."), code="words_blocked")
    if bounds:
        _count(actor.id, text, where, bounds)
    return "hold" if effect == "hold" else ""


def check_names(*, actor: Actor, **texts: str) -> None:
    """Refuse listed words in names and other lines that stand on pages, by the field's name.

    A name cannot be there and wait for a moderator at once, so words to be looked at first are
    refused here like those that are not said. Nothing is counted. The system passes. Raises
    Invalid ``words_blocked`` with the fields. One query.
    """
    if actor.kind == "system" or not any(texts.values()):
        return
    listed = dict(ListedWord.objects.values_list("key", "effect"))
    told = _("This holds words that are not said here.")
    fields = {name: told for name, text in texts.items() if words.found_in(text, listed)}
    if fields:
        raise Invalid(told, code="words_blocked", fields=fields)


def require_unlimited(actor: Actor) -> None:
    """Refuse whoever is under a limit (Forbidden ``limited``), with when it ends."""
    found = limit_of(actor.id or 0)
    if found is None:
        return
    if found.until is None:
        told = _("You may read, but not write here at present. The notification says why.")
        raise Forbidden(told, code="limited")
    text = _("You may write here again from %(day)s. The notification says why.")
    raise Forbidden(text % {"day": clock.told(found.until)}, code="limited")


def _limits_of(account: Account) -> limits.Limits:
    is_new = limits.is_new(
        created_at=account.created_at,
        now=clock.now(),
        has_contact=bool(account.email or account.phone),
        days=settings.NEW_ACCOUNT_DAYS,
    )
    return limits.NEW if is_new else limits.KNOWN


def _check_amounts(text: str, bounds: limits.Limits) -> None:
    if limits.links_in(text) > bounds.links:
        told = ngettext("At most %(n)d link.", "At most %(n)d links.", bounds.links)
        raise Invalid(told % {"n": bounds.links}, code="too_many_links")
    if limits.mentions_in(text) > bounds.mentions:
        told = ngettext("Name at most %(n)d person.", "Name at most %(n)d people.", bounds.mentions)
        raise Invalid(told % {"n": bounds.mentions}, code="too_many_mentions")


def _listed(text: str) -> str:
    listed = dict(ListedWord.objects.values_list("key", "effect"))
    effects = {listed[key] for key in words.found_in(text, listed)}
    return "block" if "block" in effects else "hold" if effects else ""


def _count(account_id: int, text: str, where: str, bounds: limits.Limits) -> None:
    folded = " ".join(words.fold(text).split())
    try:
        if len(folded) >= limits.LEAST_REPEATED:
            digest = hashlib.sha256(folded.encode()).hexdigest()[:32]
            hit(f"said:{account_id}:{digest}", bounds.same, DAY)
    except TooMany as error:
        raise TooMany(
            _("You have said this often enough."), code="said_again", retry_after=error.retry_after
        ) from error
    try:
        if where in bounds.a_day:
            hit(f"said:{where}:{account_id}", bounds.a_day[where], DAY)
    except TooMany as error:
        raise TooMany(
            _("This was a lot for one day. Please go on tomorrow."),
            code="said_enough",
            retry_after=error.retry_after,
        ) from error
