"""How a member's account is joined to others, for reviewers; what is wrong is cut here."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.campaigns.actions import clear_place
from banyan.campaigns.queries import flagged_places
from banyan.kernel.ids import id_time
from banyan.kernel.problems import Invalid, NotFound
from banyan.people.models import Account
from banyan.trust.actions import cut_edge
from banyan.trust.queries import (
    accounts_in,
    cluster_of,
    is_reviewer,
    looking_back,
    persons,
    ties_of,
)
from banyan.trust.rules import KINDS, STRONG, USUAL, WEAK

from ..http import actor, number
from .pages import page


@require_http_methods(["GET", "HEAD", "POST"])
def person_page(request: HttpRequest) -> HttpResponse:
    """Find a member by handle and show what joins the account; on POST decide about it.

    An edge is cut, or a flagged place counts after all. Kinds, strength and times are told, never
    a key. Without a handle: who has several accounts.
    """
    if not is_reviewer(actor(request)):
        raise NotFound()
    handle = request.GET.get("q", "").strip().removeprefix("@")
    if request.method == "POST":
        return _decide(request, handle)
    account = Account.objects.filter(handle__iexact=handle).first() if handle else None
    context = {"title": _("Who is one person"), "text": handle, "account": account}
    if account is None:
        found = {"persons": persons(), "progress": _progress()}
        return page(request, "persons.html", context | found)
    accounts = accounts_in(cluster_of(account.pk))
    others = Account.objects.filter(pk__in=accounts).exclude(pk=account.pk).order_by("id")
    return page(
        request,
        "persons.html",
        context | {"others": others, "ties": _rows(account), "places": flagged_places(accounts)},
    )


def _decide(request: HttpRequest, handle: str) -> HttpResponse:
    who, reason = actor(request), request.POST.get("reason", "")
    try:
        if request.POST.get("place", ""):
            clear_place(actor=who, place_id=number(request.POST, "place") or 0, reason=reason)
            told = _("It counts.")
        else:
            cut_edge(actor=who, edge_id=number(request.POST, "edge") or 0, reason=reason)
            told = _("It joins nobody any more.")
    except Invalid as problem:
        messages.error(request, "; ".join(str(text) for text in problem.fields.values()))
    else:
        messages.success(request, told)
    return redirect(f"{reverse('admin:persons')}?{urlencode({'q': handle})}")


def _progress() -> list[dict[str, Any]]:
    """Return how far what was here before is gone through: kind, back to when, how many."""
    names = {
        "contacts": _("Accounts"),
        "browsers": _("Sign-ins"),
        "purchases": _("Purchases"),
        "payments": _("Payments"),
    }
    return [
        {"name": names.get(one.name, one.name), "since": id_time(one.below), "rows": one.rows}
        for one in looking_back()
    ]


def _rows(account: Account) -> list[dict[str, Any]]:
    kinds = {
        "contact": _("Proven contact"),
        "payment": _("Means of payment"),
        "browser": _("Device"),
        "recipient": _("Address and name"),
        "address": _("Address"),
    }
    strengths = {
        STRONG: _("strong: one person"),
        USUAL: _("one person, where it is their usual one"),
        WEAK: _("weak: a household"),
    }
    sources = {
        "contact": _("a contact was proven"),
        "sign_in": _("sign-in"),
        "payment": _("payment"),
        "order": _("paid order"),
    }
    return [
        {
            "edge": tie.edge,
            "kind": kinds[tie.edge.kind],
            "strength": strengths[KINDS[tie.edge.kind].strength],
            "source": sources.get(tie.edge.source, tie.edge.source),
            "others": tie.others,
        }
        for tie in ties_of(account)
    ]
