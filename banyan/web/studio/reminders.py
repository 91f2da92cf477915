"""How reminding of a coupon went, in words: those reminded beside those held out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.insights.queries import MARKS, ReminderReport
from banyan.web.ui.words import percent


def reminder_lines(report: ReminderReport) -> Mapping[str, Any] | None:
    """Return a ``sentence`` and ``facts`` (label, value, hint); None before anybody was met."""
    groups = (report.reminded, report.held_out)
    if not any(one.people + one.waiting for one in groups):
        return None
    names = (_("Reminded: used it"), _("Not reminded: used it"))
    facts = [(name, _share(one), "") for name, one in zip(names, groups, strict=True)]
    for day, shares in zip(MARKS, zip(*(one.curve for one in groups), strict=True), strict=True):
        label = ngettext("Used within %(n)s day", "Used within %(n)s days", day) % {"n": day}
        told = [percent(one) if one is not None else "–" for one in shares]
        text = _("%(reminded)s reminded, %(others)s not") % {
            "reminded": told[0],
            "others": told[1],
        }
        facts.append((label, text, ""))
    return {"sentence": _sentence(report), "facts": facts}


def _share(group: Any) -> str:
    text = _("%(used)s of %(people)s") % {"used": group.used, "people": group.people}
    if group.share is None:
        return text
    between = _("%(share)s, between %(low)s and %(high)s") % {
        "share": percent(group.share.rate),
        "low": percent(group.share.low),
        "high": percent(group.share.high),
    }
    return f"{text} ({between})"


def _sentence(report: ReminderReport) -> str:
    if report.lift is None:
        return _("Not enough data yet to tell whether the reminder helps.")
    low, high = percent(report.lift.low), percent(report.lift.high)
    between = {"low": low, "high": high}
    if report.verdict == "cannot_tell":
        return _("We cannot tell: it adds between %(low)s and %(high)s.") % between
    if report.verdict == "more":
        return _("The reminder makes more people use it: it adds %(low)s to %(high)s.") % between
    return _("With the reminder fewer people use it: it adds %(low)s to %(high)s.") % between
