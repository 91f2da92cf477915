"""The operator's list of words."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid

from ..access import require_moderation
from ..models import ListedWord
from ..rules.words import key_of


def list_word(*, actor: Actor, text: str, effect: str, reason: str) -> ListedWord:
    """Put a word or phrase on the list: ``block`` refuses texts with it, ``hold`` waits.

    Raises Invalid for a word without letters, or one that is listed already. Audited.
    """
    require_moderation(actor)
    key = key_of(text)
    if not key or len(text.strip()) > 80 or len(key) > 80:
        raise Invalid(fields={"text": _("Give a word or phrase of 1 to 80 letters.")})
    if effect not in {"block", "hold"}:
        raise Invalid(fields={"effect": _("Choose one of these.")})
    try:
        with transaction.atomic():
            made = ListedWord.objects.create(
                text=text.strip(), key=key, effect=effect, created_at=clock.now()
            )
            _audit(actor, made, "word.list", reason)
    except IntegrityError as error:
        raise Invalid(code="word_listed", fields={"text": _("This is on the list.")}) from error
    return made


def unlist_word(*, actor: Actor, word_id: int, reason: str) -> None:
    """Take a word off the list. Repeatable; audited."""
    require_moderation(actor)
    with transaction.atomic():
        found = ListedWord.objects.filter(pk=word_id).first()
        if found is None:
            return
        _audit(actor, found, "word.unlist", reason)
        found.delete()


def _audit(actor: Actor, word: ListedWord, action: str, reason: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject_kind="listed_word",
        subject_id=word.pk,
        subject_label=word.text,
        reason=reason,
        detail={"effect": word.effect},
    )
