"""Who is told: authors of decisions, reporters that it was seen, rights holders of each step."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.kernel import clock, events
from banyan.kernel.events import Meta
from banyan.notify import kinds
from banyan.notify.access import preference_of
from banyan.notify.actions import notify, send, speaking
from banyan.notify.kinds import Happening
from banyan.people.models import Account

from .events import CaseDecided, DecisionReviewed, NoticeFiled, NoticeMoved
from .models import Appeal, Decision, Report, RightsNotice
from .rules.reasons import REASONS

CONSUMER = "moderation.telling"


@events.subscribe(CaseDecided, consumer=CONSUMER)
def tell_decision(event: CaseDecided, meta: Meta) -> None:
    """Tell the author what was decided, why, and where to appeal; tell reporters that it was."""
    decision = Decision.objects.select_related("case__author").get(pk=event.decision_id)
    author = decision.case.author
    if author is not None and event.verdict != "dismiss":
        path = reverse("decision", args=[decision.token])
        _tell(
            author, f"moderation.{event.verdict}", f"decision:{decision.pk}", path,
            reason_code=decision.reason, label=decision.label, words=decision.words,
            until=_kept(decision.until),
        )  # fmt: skip
    reporters = Report.objects.filter(case_id=event.case_id).exclude(reporter=None)
    for reporter_id in reporters.values_list("reporter_id", flat=True):
        notify(
            recipient_id=reporter_id or 0,
            kind="moderation.looked",
            group_key=f"looked:{event.case_id}",
            data={"acted": event.verdict != "dismiss"},
        )


@events.subscribe(DecisionReviewed, consumer=CONSUMER)
def tell_review(event: DecisionReviewed, meta: Meta) -> None:
    """Tell the author how the appeal ended."""
    appeal = Appeal.objects.select_related("decision__case__author").get(pk=event.appeal_id)
    author = appeal.decision.case.author
    if author is None:
        return
    kind = "moderation.upheld" if event.upheld else "moderation.stands"
    path = reverse("decision", args=[appeal.decision.token])
    _tell(
        author, kind, f"appeal:{appeal.pk}", path,
        reason_code=appeal.decision.reason, label=appeal.decision.label, words=appeal.answer,
        until="",
    )  # fmt: skip


def _tell(account: Account, kind: str, key: str, path: str, **data: str) -> None:
    """Notify, and write too: somebody who is suspended reads no notifications."""
    notify(recipient_id=account.pk, kind=kind, group_key=key, url=path, data=data)
    where = ("email", account.email) if account.email else ("sms", account.phone)
    if where[1]:
        with speaking(account.language, preference_of(account.pk).time_zone):
            told = _text(kind, Happening(1, (), "", data))
        send(
            channel=where[0],
            destination=where[1],
            kind="moderation.decided",
            context={"told": told, "words": data["words"], "path": path},
            language=account.language,
            key=f"moderation:{key}:{kind}",
        )


@events.subscribe(NoticeFiled, consumer=CONSUMER)
def tell_filed(event: NoticeFiled, meta: Meta) -> None:
    """Tell the rights holder that the notice came in, and where it can be followed."""
    _tell_claimant(RightsNotice.objects.get(pk=event.notice_id), "filed")


@events.subscribe(NoticeMoved, consumer=CONSUMER)
def tell_moved(event: NoticeMoved, meta: Meta) -> None:
    """Tell both sides of every step."""
    notice = RightsNotice.objects.select_related("author").get(pk=event.notice_id)
    _tell_claimant(notice, event.state)
    if notice.author is None or event.state == "refused":
        return
    path = reverse("rights_notice", args=[notice.author_token])
    _tell(
        notice.author, f"rights.{event.state}", f"notice:{notice.pk}:{event.state}", path,
        reason_code="rights", label=notice.label, words=notice.words[:300],
            until=_kept(notice.due_at),
    )  # fmt: skip


def _tell_claimant(notice: RightsNotice, state: str) -> None:
    if not notice.email:
        return  # the claimant asked to be forgotten
    with speaking(notice.language, ""):
        told = _text(f"rights.{state}", Happening(1, (), "", _notice_data(notice)))
    send(
        channel="email",
        destination=notice.email,
        kind="moderation.decided",
        context={
            "told": told,
            "words": notice.answer,
            "path": reverse("rights_notice", args=[notice.token]),
        },
        language=notice.language,
        key=f"rights:{notice.pk}:{state}",
    )


def _notice_data(notice: RightsNotice) -> dict[str, str]:
    return {"label": notice.label, "until": _kept(notice.due_at)}


def _kept(until: dt.datetime | None) -> str:
    """Return a moment as a notification keeps it: each reader has it in their own zone."""
    return until.isoformat() if until else ""


def _until(data: Any) -> str:
    """Write it for who reads it now; what was kept as a day stays one."""
    until: str = data["until"]
    return clock.told(dt.datetime.fromisoformat(until)) if "T" in until else until


def _hide(happening: Happening) -> str:
    return _("“%(label)s” was hidden. %(why)s") % _with_why(happening.data)


def _warn(happening: Happening) -> str:
    return _("You are warned because of “%(label)s”. %(why)s") % _with_why(happening.data)


def _limit(happening: Happening) -> str:
    data = _with_why(happening.data)
    if data["until"]:
        return _("Until %(until)s you can read, but not write here. %(why)s") % data
    return _("You can read, but not write here at present. %(why)s") % data


def _suspend(happening: Happening) -> str:
    data = _with_why(happening.data)
    if data["until"]:
        return _("Your account is suspended until %(until)s. %(why)s") % data
    return _("Your account is suspended. %(why)s") % data


def _with_why(data: Any) -> dict[str, str]:
    reason = REASONS.get(data.get("reason_code", ""), REASONS["other"])
    return {**data, "until": _until(data), "why": _("The reason: %(reason)s.") % {"reason": reason}}


def _upheld(happening: Happening) -> str:
    return _("Your appeal was right: the decision about “%(label)s” is undone.") % happening.data


def _stands(happening: Happening) -> str:
    return _("The decision about “%(label)s” stands after your appeal.") % happening.data


def _looked(happening: Happening) -> str:
    if happening.data.get("acted"):
        return _("Thank you: what you reported was looked at, and something was done.")
    return _("Thank you: what you reported was looked at. It may stay.")


def _filed(happening: Happening) -> str:
    return _("Your notice about “%(label)s” has come in.") % happening.data


def _taken_down(happening: Happening) -> str:
    text = _("“%(label)s” is hidden for a rights holder. An answer is possible to %(until)s.")
    return text % {**happening.data, "until": _until(happening.data)}


def _refused(happening: Happening) -> str:
    return _("Your notice about “%(label)s” was turned down.") % happening.data


def _countered(happening: Happening) -> str:
    text = _("“%(label)s” comes back on %(until)s unless the rights holder goes to court.")
    return text % {**happening.data, "until": _until(happening.data)}


def _restored(happening: Happening) -> str:
    return _("“%(label)s” can be seen again.") % happening.data


def _stays_down(happening: Happening) -> str:
    return _("“%(label)s” stays hidden.") % happening.data


_TOLD = {
    "moderation.hide": _hide,
    "moderation.warn": _warn,
    "moderation.limit": _limit,
    "moderation.suspend": _suspend,
    "moderation.upheld": _upheld,
    "moderation.stands": _stands,
    "moderation.looked": _looked,
    "rights.filed": _filed,
    "rights.taken_down": _taken_down,
    "rights.refused": _refused,
    "rights.countered": _countered,
    "rights.restored": _restored,
    "rights.stays_down": _stays_down,
}


def _text(kind: str, happening: Happening) -> str:
    return _TOLD[kind](happening)


for _kind, _tell_kind in _TOLD.items():
    kinds.register(_kind, _tell_kind, icon="shield", family="account")
