"""Founding a group and changing what it says and who gets in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.groups import actions
from banyan.groups.models import Group
from banyan.kernel.digits import whole
from banyan.kernel.problems import NotFound, Problem
from banyan.media.actions import claim_staged
from banyan.media.queries import staged_for

from ...http import actor, pressed, private, signed_in
from ...media.uploads import staged_tokens
from ...once import led_to, name_of
from .frame import place_of, refused

WORDS = ("name", "about", "rules", "colour", "domain")


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def group_new(request: HttpRequest) -> HttpResponse:
    """Draw the form of a new group, or found it."""
    problem = None
    if request.method == "POST":
        try:
            return redirect(led_to(request, name_of(request), lambda: _made_at(request)))
        except Problem as found:
            problem = refused(found)
    context = _form(request, problem, None) | {"nav": "groups"}
    status = problem.status if problem else 200
    return render(request, "shop/groups/new.html", context, status=status)


def _made_at(request: HttpRequest) -> str:
    slug = request.POST.get("slug", "")
    made = actions.make_group(actor=actor(request), slug=slug, data=_typed(request))
    messages.success(request, _("Your group is there. Invite the first people."))
    return reverse("group_invite", args=[made.slug])


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def group_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a group, for those who lead it; owners may close it."""
    place, who = place_of(request, slug, "group_settings"), actor(request)
    if not place.leads:
        raise NotFound()
    problem = None
    if request.method == "POST":
        try:
            if pressed(request, "", "close") == "close":
                actions.close_group(actor=who, group_id=place.group.pk)
                messages.success(request, _("The group is closed."))
                return redirect("groups")
            _change(request, place.group)
            messages.success(request, _("Saved."))
            return redirect("group_settings", slug)
        except Problem as found:
            problem = refused(found)
    context = place.context | _form(request, problem, place.group)
    status = problem.status if problem else 200
    return render(request, "shop/groups/settings.html", context, status=status)


def _change(request: HttpRequest, group: Group) -> None:
    who = actor(request)
    tokens = staged_tokens(request, "cover", most=1)
    cover = None if "no_cover" in request.POST else group.cover
    with transaction.atomic():  # a refused form keeps no picture for good
        if tokens:
            cover = claim_staged(actor=who, tokens=tokens)[0]
        actions.edit_group(actor=who, group_id=group.pk, data=_typed(request), cover=cover)


def _typed(request: HttpRequest) -> actions.GroupInput:
    typed = request.POST
    most = typed.get("most_members", "").strip()
    return actions.GroupInput(
        **{name: typed.get(name, "") for name in WORDS},
        topics=typed.get("topics", "").replace("，", ",").replace("、", ",").split(","),
        policy=typed.get("policy", "open"),
        visibility=_number(typed.get("visibility", "0")),
        holds=_number(typed.get("holds", "0")),
        listers=typed.get("listers", "members"),
        offer_cap=_number(typed.get("offer_cap", "2")),
        offer_days=_number(typed.get("offer_days", "7")),
        most_members=_number(most) if most else None,
    )


def _number(text: str) -> int:
    """Return a whole number; what is none becomes one that no field takes."""
    found = whole(text.strip(), most=10_000_000)
    return -1 if found is None else found


def _form(request: HttpRequest, problem: Problem | None, group: Group | None) -> dict[str, Any]:
    """Return what the form is drawn with: what was typed, else what the group says."""
    values: Any = request.POST if problem else _values(group)
    return {
        "values": values,
        "errors": problem.fields if problem else {},
        "problem": problem,
        "staged": staged_for(actor(request), request.POST.getlist("cover")) if problem else [],
        "policies": _choices(values, "policy", "open", _policies()),
        "visibilities": _choices(values, "visibility", "0", _visibilities()),
        "holdings": _choices(values, "holds", "0", _holdings()),
        "listing": _choices(values, "listers", "members", _listing()),
    }


def _values(group: Group | None) -> dict[str, Any]:
    if group is None:
        return {"offer_cap": 2, "offer_days": 7}
    numbers = ("visibility", "holds", "offer_cap", "offer_days")
    return {
        **{name: getattr(group, name) for name in (*WORDS, "policy", "listers")},
        **{name: str(getattr(group, name)) for name in numbers},
        "topics": ", ".join(group.topics),
        "most_members": group.most_members or "",
    }


def _choices(values: Any, name: str, default: str, texts: dict[str, str]) -> list[dict[str, Any]]:
    chosen = str(values.get(name) or default)
    return [
        {"value": value, "text": text, "checked": value == chosen} for value, text in texts.items()
    ]


def _policies() -> dict[str, str]:
    return {
        "open": _("Anybody may join"),
        "request": _("Joining is asked for"),
        "invitation": _("By invitation"),
    }


def _visibilities() -> dict[str, str]:
    return {
        "0": _("Everybody reads it"),
        "1": _("Only members read it"),
        "2": _("Nobody else knows of it"),
    }


def _holdings() -> dict[str, str]:
    return {
        "0": _("Appear at once"),
        "1": _("A member's first one is looked at"),
        "2": _("All are looked at"),
    }


def _listing() -> dict[str, str]:
    return {"members": _("Every member"), "moderators": _("Moderators")}
