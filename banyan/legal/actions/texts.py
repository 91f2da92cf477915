"""Publishing legal texts, and agreeing to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Forbidden, Invalid, LoginRequired
from banyan.kernel.remembered import run

from ..events import LegalTextPublished
from ..models import LegalText
from ..rules import KINDS

LONGEST = 100_000


def publish_text(
    *,
    actor: Actor,
    kind: str,
    language: str,
    body: str,
    changes: str,
    asks: bool,
    reason: str,
    effective_at: dt.datetime | None = None,
    version: int | None = None,
) -> LegalText:
    """Publish a version of a legal text; for the owner. It never changes afterwards.

    ``version`` adds another language to a version that there is; without it, it is the next one.
    ``changes`` says in plain words what is new; ``asks`` asks whoever agreed to an older one again.
    Raises Invalid, Conflict ``version_there``. Audited; emits legal_text.published.
    """
    if actor.kind != "system" and not actor.has_role("owner"):
        raise Forbidden()
    fields: dict[str, object] = {}
    if kind not in KINDS:
        fields["kind"] = _("Choose one of these.")
    if language not in dict(settings.LANGUAGES):
        fields["language"] = _("Choose one of these.")
    if not 1 <= len(body.strip()) <= LONGEST:
        fields["body"] = _("Write the text.")
    if len(changes.strip()) > 1000:
        fields["changes"] = _("At most 1,000 letters.")
    newest = LegalText.objects.filter(kind=kind).aggregate(newest=Max("version"))["newest"] or 0
    if version is not None and not 1 <= version <= newest:
        fields["version"] = _("There is no such version.")
    if fields:
        raise Invalid(fields=fields)
    now = clock.now()
    try:
        with transaction.atomic():
            made = LegalText.objects.create(
                kind=kind,
                version=version or newest + 1,
                language=language,
                body=body.strip(),
                changes=changes.strip(),
                asks=asks,
                effective_at=effective_at or now,
                published_at=now,
            )
            told = LegalTextPublished(text_id=made.pk, kind=kind, version=made.version)
            events.emit(told, actor=actor)
            audit.record(
                actor=actor,
                action="legal_text.publish",
                subject_kind="legal_text",
                subject_id=made.pk,
                subject_label=f"{kind} {made.version} {language}",
                reason=reason,
            )
    except IntegrityError as error:
        raise Conflict(_("This version is there already."), code="version_there") from error
    return made


def accept(*, actor: Actor, kinds: Iterable[str], checkout_id: int | None = None) -> None:
    """Record that the actor, or a guest with a purchase, agrees to the versions in force.

    One statement, repeatable. Joins the caller's transaction where there is one.
    """
    accept_each(who=[(actor.id, checkout_id)], kinds=kinds)


def accept_each(*, who: Sequence[tuple[int | None, int | None]], kinds: Iterable[str]) -> None:
    """Do what :func:`accept` does for several: accounts, or guests with their purchases (None, id).

    One statement for all of them.
    """
    if not all(account_id or checkout_id for account_id, checkout_id in who):
        raise LoginRequired()
    accounts = [account_id for account_id, _checkout_id in who]
    guests = [None if account_id else checkout_id for account_id, checkout_id in who]
    wanted = list(kinds)
    marks = ", ".join(["(%s)"] * len(wanted))
    now = clock.now()
    run(_ACCEPT.format(kinds=marks), [now, accounts, guests, *wanted, now])


# Version 0 is the sample. Whoever agreed to a version before has agreed to it.
_ACCEPT = """
INSERT INTO legal_acceptance (kind, version, account_id, checkout_id, at)
SELECT text.kind, text.version, who.account_id, who.checkout_id, %s::timestamptz
FROM unnest(%s::bigint[], %s::bigint[]) AS who (account_id, checkout_id)
CROSS JOIN (
  SELECT wanted.kind, coalesce(max(text.version), 0) AS version
  FROM (VALUES {kinds}) AS wanted (kind)
  LEFT JOIN legal_legaltext AS text ON text.kind = wanted.kind AND text.effective_at <= %s
  GROUP BY wanted.kind) AS text
ON CONFLICT DO NOTHING
"""
