"""Who works in the shop, and what they did."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.catalog import actions as catalog
from banyan.catalog.access import EVERYONE
from banyan.catalog.models import Shop, ShopStaff
from banyan.kernel.labels import WORDS
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import NotFound, Problem
from banyan.people.models import Account

from ..http import actor, number, private, signed_in
from .room import page, refusal_of, shop_of

PAGE = 50
OWNER = ("owner",)


def role_texts() -> dict[str, str]:
    """Return the roles of a shop and what each may do."""
    return {
        "owner": _("Owner: everything, and who works here"),
        "manager": _("Manager: goods, prices, refunds and returns"),
        "clerk": _("Clerk: sees orders, sends parcels, counts stock, answers buyers"),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def staff(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List who works here; the owner invites, changes and lets go."""
    shop = shop_of(request, shop_slug, OWNER if request.method == "POST" else EVERYONE)
    if request.method != "POST":
        return _page(request, shop)
    who = actor(request)
    account_id = number(request.POST, "account") or 0
    do, role = request.POST.get("do", ""), request.POST.get("role", "")
    try:
        if do == "invite":
            catalog.invite(actor=who, shop_id=shop.pk, to=request.POST.get("to", ""), role=role)
            messages.success(request, _("The invitation is on its way; it is good for seven days."))
        elif do == "change":
            catalog.change_role(actor=who, shop_id=shop.pk, account_id=account_id, role=role)
            messages.success(request, _("Saved."))
        elif do == "remove":
            catalog.remove_staff(actor=who, shop_id=shop.pk, account_id=account_id)
            messages.success(request, _("They no longer work here."))
        else:
            raise NotFound()
    except Problem as problem:
        return _page(request, shop, refusal_of(problem))
    return redirect("studio_staff", shop.slug)


def _page(request: HttpRequest, shop: Shop, problem: Problem | None = None) -> HttpResponse:
    seats = ShopStaff.objects.filter(shop=shop).select_related("account").order_by("id")
    who = actor(request)
    owns = any(each.account_id == who.id and each.role == "owner" for each in seats)
    context = {
        "seats": seats,
        "owns": owns,
        "me": who.id,
        "roles": role_texts().items(),
        "role_names": role_texts(),
        "values": request.POST,
    }
    return page(request, shop, "staff", "studio/staff.html", context, problem)


@require_POST
@private
@signed_in
def leave(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Stop working here, by one's own wish."""
    shop = shop_of(request, shop_slug)
    who = actor(request)
    try:
        catalog.remove_staff(actor=who, shop_id=shop.pk, account_id=who.id or 0)
    except Problem as problem:
        return _page(request, shop, refusal_of(problem))
    messages.success(request, _("You no longer work there."))
    return redirect("studio_home")


@require_safe
@private
@signed_in
def acts(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List what those who work here did, newest first. For owners."""
    shop = shop_of(request, shop_slug, OWNER)
    rows = AuditEntry.objects.filter(subject_kind="shop", subject_id=shop.pk).order_by("-id")
    before = number(request.GET, "before")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE + 1])
    names = Account.objects.in_bulk({each.actor_id for each in found if each.actor_id})
    context = {
        "rows": [_act(each, names) for each in found[:PAGE]],
        "more_url": f"?before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
    }
    return page(request, shop, "staff", "studio/acts.html", context)


def _act(entry: AuditEntry, names: dict[int, Account]) -> dict[str, Any]:
    account = names.get(entry.actor_id or 0)
    order = entry.detail.get("order", "")
    return {
        "entry": entry,
        "text": WORDS.get(entry.action, entry.action),
        "who": account.display_name if account else entry.actor_label,
        "order": int(order) if str(order).isdecimal() else None,
        "change": str(entry.detail.get("change", "")),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation to work in a shop; accept it."""
    found = catalog.read_invite(token)
    if request.method == "POST":
        catalog.accept_invite(actor=actor(request), token=token)
        messages.success(request, _("Welcome to %(shop)s.") % {"shop": found.shop.name})
        return redirect("studio_today", found.shop.slug)
    context = {
        "nav": "me",
        "shop": found.shop,
        "role": role_texts().get(found.role, found.role),
        "token": token,
    }
    return render(request, "studio/join.html", context)
