"""Mutes: what somebody does not want to be shown, for a while or for ever. Nobody is told."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, LoginRequired, NotFound

from ..access import get_mute_for, visible_accounts
from ..models import Mute
from ..rules.relations import (
    HIDE,
    LESS,
    LESS_FOR,
    LONGEST_WORD,
    MOST_MUTES,
    PERSON,
    TOPIC,
    WORD,
    fold,
)
from .holds import hold_kept


def mute_person(*, actor: Actor, account_id: int, lasting: dt.timedelta | None = None) -> Mute:
    """Show nothing of somebody unasked, for a while or (None) for ever; the last word counts.

    NotFound for whom the actor does not see. Conflict (``mutes_full``) beyond 500 mutes.
    """
    return _person(actor, account_id, HIDE, lasting)


def mute_word(*, actor: Actor, word: str, lasting: dt.timedelta | None = None) -> Mute:
    """Show nothing that says ``word`` unasked; Invalid when it is empty or longer than 60."""
    return _write(actor, Mute(kind=WORD, words=_words(word), degree=HIDE), lasting)


def mute_topic(*, actor: Actor, topic: str, lasting: dt.timedelta | None = None) -> Mute:
    """Show nothing of a topic (its slug) unasked."""
    return _write(actor, Mute(kind=TOPIC, words=_words(topic), degree=HIDE), lasting)


def less_of_person(*, actor: Actor, account_id: int) -> Mute:
    """Show less of somebody for 30 days; a mute of theirs becomes that."""
    return _person(actor, account_id, LESS, LESS_FOR)


def less_of_topic(*, actor: Actor, topic: str) -> Mute:
    """Show less of a topic (its slug) for 30 days; a mute of it becomes that."""
    return _write(actor, Mute(kind=TOPIC, words=_words(topic), degree=LESS), LESS_FOR)


def unmute(*, actor: Actor, mute_id: int) -> None:
    """Take one of one's own mutes back; NotFound when it is not there."""
    get_mute_for(actor, mute_id).delete()


def unmute_person(*, actor: Actor, account_id: int) -> None:
    """Take back that somebody is muted, or shown less of. Repeatable."""
    Mute.objects.filter(actor_id=actor.id or 0, kind=PERSON, target_id=account_id).delete()


def _person(actor: Actor, account_id: int, degree: int, lasting: dt.timedelta | None) -> Mute:
    if actor.id == account_id:
        raise Conflict(code="oneself")
    if not visible_accounts(actor).filter(pk=account_id).exists():
        raise NotFound()
    return _write(actor, Mute(kind=PERSON, target_id=account_id, degree=degree), lasting)


def _words(text: str) -> str:
    words = fold(text)
    if not 0 < len(words) <= LONGEST_WORD:
        raise Invalid(fields={"word": _("Write a word of at most 60 letters.")})
    return words


def _write(actor: Actor, mute: Mute, lasting: dt.timedelta | None) -> Mute:
    if actor.id is None:
        raise LoginRequired()
    now = clock.now()
    mute.actor_id, mute.created_at = actor.id, now
    mute.expires_at = None if lasting is None else now + lasting
    with transaction.atomic():
        hold_kept(actor.id)
        _require_room(actor.id, now)
        (written,) = Mute.objects.bulk_create(
            [mute],
            update_conflicts=True,
            unique_fields=["actor", "kind", "target", "words"],
            update_fields=["degree", "expires_at", "created_at"],
        )
    return written


def _require_room(actor_id: int, now: dt.datetime) -> None:
    mine = Mute.objects.filter(actor_id=actor_id)
    mine.filter(expires_at__lte=now).delete()
    if mine.count() >= MOST_MUTES:
        raise Conflict(_("You mute 500 things already. Take one back first."), code="mutes_full")
