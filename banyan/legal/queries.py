"""Reads of legal texts, agreements, exports and erasures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _

from banyan.kernel import clock
from banyan.kernel.problems import NotFound

from . import rules
from .models import Acceptance, Erasure, Export, LegalText


@dataclass(frozen=True, slots=True)
class Shown:
    """A version of a text as people read it; ``is_sample`` as long as none was published."""

    kind: str
    version: int
    language: str
    body: str
    changes: str = ""
    is_sample: bool = False
    row: LegalText | None = None


def is_leaving(account_id: int) -> bool:
    """Tell whether an account waits to be erased, or was. One query."""
    return Erasure.objects.filter(account_id=account_id).exclude(state="cancelled").exists()


def leaving(account_id: int) -> Erasure | None:
    """Return the erasure that an account waits for, or None."""
    return Erasure.objects.filter(account_id=account_id, state="waiting").first()


def leaving_on(account_id: int) -> dt.datetime | None:
    """Return when an account is erased that waits for it, or None. One query."""
    found = leaving(account_id)
    return found.due_at if found is not None else None


def export_of(account_id: int | None = None, checkout_id: int | None = None) -> Export | None:
    """Return the newest export of an account or a guest's purchase, or None.

    None of those that nobody can fetch any more, removed already or not.
    """
    rows = Export.objects.exclude(state="ready", expires_at__lte=clock.now()).order_by("-id")
    if account_id is not None:
        return rows.filter(account_id=account_id).first()
    return rows.filter(checkout_id=checkout_id).first()


def facts() -> dict[str, str]:
    """Return what sample texts know of this installation."""
    operator = settings.OPERATOR
    return {
        "operator": operator["name"] or settings.PUBLIC_URL or _("the operator"),
        "address": operator["address"] or _("postal address to be named"),
        "email": operator["email"] or _("e-mail address to be named"),
        "site": settings.PUBLIC_URL or _("this platform"),
        "grace_days": "30",
        "counter_days": str(settings.COUNTER_NOTICE_DAYS),
    }


def current(kind: str, language: str) -> Shown:
    """Return the version in force, in ``language`` or in one that there is. NotFound by kind."""
    if kind not in rules.KINDS:
        raise NotFound()
    version = versions([kind])[kind]
    if version == 0:
        return Shown(kind, 0, language, rules.sample(kind, language, facts()), is_sample=True)
    return _shown(kind, version, language)


def versions(kinds: Iterable[str]) -> dict[str, int]:
    """Return the number of the version in force of each kind; 0 is the sample. One query."""
    rows = LegalText.objects.filter(kind__in=list(kinds), effective_at__lte=clock.now())
    found = dict(rows.values_list("kind").annotate(newest=Max("version")).order_by())
    return {kind: int(found.get(kind, 0)) for kind in kinds}


def version_of(kind: str, version: int, language: str) -> Shown:
    """Return one published version, also one that is not in force yet; NotFound otherwise."""
    if not LegalText.objects.filter(kind=kind, version=version).exists():
        raise NotFound()
    return _shown(kind, version, language)


def _shown(kind: str, version: int, language: str) -> Shown:
    rows = {row.language: row for row in LegalText.objects.filter(kind=kind, version=version)}
    row = rows.get(language) or rows.get("en") or next(iter(rows.values()))
    return Shown(kind, version, row.language, row.body, row.changes, row=row)


def history(kind: str) -> list[LegalText]:
    """Return every version of a kind once, newest first."""
    rows = LegalText.objects.filter(kind=kind).order_by("-version", "language")
    return list({row.version: row for row in rows}.values())


def to_accept(account_id: int, kinds: Iterable[str]) -> list[str]:
    """Return which kinds an account has to agree to, because a newer version asks. Two queries.

    A sample text asks nobody, and neither does a version that is marked so.
    """
    wanted = list(kinds)
    now = clock.now()
    given = dict(
        Acceptance.objects.filter(account_id=account_id, kind__in=wanted)
        .values_list("kind")
        .annotate(newest=Max("version"))
        .order_by()
    )
    asking = dict(
        LegalText.objects.filter(kind__in=wanted, asks=True, effective_at__lte=now)
        .values_list("kind")
        .annotate(newest=Max("version"))
        .order_by()
    )
    return [kind for kind in wanted if int(asking.get(kind, 0)) > int(given.get(kind, 0))]
