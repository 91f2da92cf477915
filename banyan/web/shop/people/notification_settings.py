"""Where and when a member is told: switches, quiet hours, digest, strangers, browsers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from banyan.kernel.problems import Problem
from banyan.notify import actions as notify
from banyan.notify import webpush
from banyan.notify.access import preference_of
from banyan.notify.families import CHANNELS, FAMILIES
from banyan.notify.queries import browsers_of, switches_of
from banyan.notify.rules import ZONE_OF_LANGUAGE, clock_text, minutes_of, zones
from banyan.people.access import get_own_account

from ...http import actor, number, pressed, private
from .sessions import member

BROWSER = "push_browser"  # in the session: the browser that is signed in is told no more after it


@private
@member
@require_http_methods(["GET", "HEAD", "POST"])
def notification_settings(request: HttpRequest) -> HttpResponse:
    """Show what is chosen; on POST take one of the two forms."""
    if request.method != "POST":
        return _page(request, _values(request))
    if pressed(request, "", "times", "switches", name="form") == "switches":
        chosen = {_pair(text) for text in request.POST.getlist("on")}
        notify.set_switches(actor=actor(request), chosen=chosen)
        messages.success(request, _("Saved."))
        return redirect("notification_settings")
    try:
        notify.set_preference(actor=actor(request), **_typed(request))
    except Problem as problem:
        return _page(request, request.POST, problem)
    messages.success(request, _("Saved."))
    return redirect("notification_settings")


def _pair(text: str) -> tuple[str, str]:
    family, _colon, channel = text.partition(":")
    return family, channel


def _typed(request: HttpRequest) -> dict[str, Any]:
    start, end = (request.POST.get(name, "").strip() for name in ("quiet_from", "quiet_until"))
    return {
        "time_zone": request.POST.get("time_zone", ""),
        "quiet": (_minutes(start), _minutes(end)),
        "digest": request.POST.get("digest", ""),
        "strangers": request.POST.get("strangers", ""),
    }


def _minutes(text: str) -> int | None:
    """Return minutes after midnight; None for nothing, and what no day has for anything else."""
    if not text:
        return None
    found = minutes_of(text)
    return -1 if found is None else found


def _values(request: HttpRequest) -> dict[str, str]:
    chosen = preference_of(actor(request).id or 0)
    first_zone = ZONE_OF_LANGUAGE.get(get_language() or "", "UTC")
    return {
        "time_zone": first_zone if chosen._state.adding else chosen.time_zone,
        "quiet_from": clock_text(chosen.quiet_from),
        "quiet_until": clock_text(chosen.quiet_until),
        "digest": chosen.digest,
        "strangers": chosen.strangers,
    }


def _page(request: HttpRequest, values: Any, problem: Problem | None = None) -> HttpResponse:
    account = get_own_account(actor(request))
    on = switches_of(account.pk)
    digests = {"": _("Never"), "daily": _("Every day"), "weekly": _("Every Monday")}
    strangers = {
        "all": _("Like everybody else"),
        "requests": _("Apart, without a sound"),
        "none": _("Not at all"),
    }
    context = {
        "nav": "me",
        "families": [
            {"family": family, "on": on[name], "fixed": (family.kept and ("page",)) or ()}
            for name, family in FAMILIES.items()
        ],
        "channels": dict(zip(CHANNELS, (_("On the page"), _("Push"), _("E-mail")), strict=True)),
        "values": values,
        "zones": zones(),
        "digests": _options(digests, values.get("digest", "")),
        "strangers": _options(strangers, values.get("strangers", "all")),
        "email": account.email or "",
        "browsers": browsers_of(account.pk),
        "problem": problem,
        "push": webpush.current_key(),
    }
    status = problem.status if problem else 200
    return render(request, "shop/people/notification_settings.html", context, status=status)


def _options(texts: dict[str, str], chosen: str) -> list[dict[str, Any]]:
    return [
        {"value": value, "text": text, "checked": value == chosen} for value, text in texts.items()
    ]


@require_POST
@private
@member
def push_subscribe(request: HttpRequest) -> HttpResponse:
    """Take a browser that its owner has just allowed to tell things."""
    told = request.POST
    browser = notify.subscribe(
        actor=actor(request),
        key_id=number(told, "key") or 0,
        endpoint=told.get("endpoint", ""),
        p256dh=told.get("p256dh", ""),
        auth=told.get("auth", ""),
        device=device_of(request.headers.get("user-agent", "")),
    )
    request.session[BROWSER] = browser.pk
    return HttpResponse(status=204)


@require_POST
@private
@member
def push_remove(request: HttpRequest) -> HttpResponse:
    """Forget one of one's own browsers."""
    notify.unsubscribe(actor=actor(request), browser_id=number(request.POST, "browser") or 0)
    messages.success(request, _("This browser is told nothing any more."))
    return redirect("notification_settings")


_SYSTEMS = ("iPhone", "iPad", "Android", "HarmonyOS", "Windows", "Macintosh", "Linux")
_BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))


def device_of(agent: str) -> str:
    """Return what a browser is called among one's own: "Chrome, Android"; nothing finer is kept."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    return ", ".join(part for part in (browser, system) if part)
