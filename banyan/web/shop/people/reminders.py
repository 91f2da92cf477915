"""Asking to be reminded with one field, confirming, and the link that ends it for ever."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from banyan.catalog.reminders import BACK
from banyan.kernel import keyrings
from banyan.kernel.keyrings import Ring
from banyan.kernel.problems import NotFound, Problem
from banyan.notify import actions as notify
from banyan.notify import wechat
from banyan.notify.ports import Subject, subject_of
from banyan.notify.queries import is_reminded, kept_by_token
from banyan.sales.reminders import STARTS
from banyan.sharing.channels import channel_of

from ...http import actor, private
from ..standing.age import age_of, gate
from .sessions import region_of

KINDS = {"back": BACK, "sale": STARTS}


@require_http_methods(["GET", "HEAD", "POST"])
@private
def remind(request: HttpRequest, what: str, subject_id: int) -> HttpResponse:
    """Ask to be told once; a member's second press takes it back."""
    kind, who = KINDS[what], actor(request)
    subject = subject_of(kind, actor=who, subject_id=subject_id)
    if subject.min_age > age_of(request):
        return gate(request, min_age=subject.min_age)
    context: dict[str, Any] = _asked_of(request, what, subject)
    if request.method != "POST":
        if who.id and is_reminded(account_id=who.id, kind=kind, subject_id=subject_id):
            context["state"] = "noted"
        return render(request, "shop/people/remind.html", context)
    if "undo" in request.POST:
        notify.stop_own(actor=who, kind=kind, subject_id=subject_id)
        return render(request, "shop/people/remind.html", context | {"state": "gone"})
    if "wechat" in request.POST and context["in_wechat"]:
        return redirect(_wechat_page(request, what, subject_id))
    typed = request.POST.get("contact", "") or request.POST.get("email", "")
    try:
        reminder = notify.remind(
            actor=who,
            kind=kind,
            subject_id=subject_id,
            contact=typed[:120],
            region=region_of(request),
        )
    except Problem as problem:
        if problem.status not in {409, 422, 429}:
            raise
        context |= {"problem": problem, "contact": typed}
        return render(request, "shop/people/remind.html", context, status=problem.status)
    state = "noted" if reminder.confirmed_at else "confirm"
    return render(request, "shop/people/remind.html", context | {"state": state})


def _asked_of(request: HttpRequest, what: str, subject: Subject) -> dict[str, Any]:
    heads = {"back": _("Tell me when it is back"), "sale": _("Tell me when it begins")}
    in_wechat = channel_of(request.headers.get("user-agent", "")) == "wechat"
    return {
        "nav": "explore",
        "head": heads[what],
        "title": subject.title,
        "url_of_it": subject.url,
        "guest": actor(request).id is None,
        "in_wechat": in_wechat and wechat.is_offered(),
    }


def _wechat_page(request: HttpRequest, what: str, subject_id: int) -> str:
    state = f"{what}{subject_id}x"
    back = request.build_absolute_uri(reverse("remind_wechat"))
    signed = state + _mac(request, state)
    return wechat.consent_page(back=back, scene=wechat.scene_of(subject_id), state=signed)


def _mac(request: HttpRequest, state: str) -> str:
    if request.session.session_key is None:
        request.session.create()
    text = f"remind|{request.session.session_key}|{state}"
    return hmac.digest(keyrings.keys(Ring.PAYERS)[0], text.encode(), sha256).hex()


@require_safe
@private
def remind_wechat(request: HttpRequest) -> HttpResponse:
    """Take what WeChat's page says; only in the browser that asked."""
    reserved = request.GET.get("reserved", "")
    state, mac = reserved[:-64], reserved[-64:]
    what, digits = state[:4], state[4:-1]
    known = what in KINDS and digits.isascii() and digits.isdigit()
    if not known or not hmac.compare_digest(mac.encode(), _mac(request, state).encode()):
        raise NotFound()
    subject_id = int(digits)
    subject = subject_of(KINDS[what], actor=actor(request), subject_id=subject_id)
    if subject.min_age > age_of(request):
        return gate(request, min_age=subject.min_age)
    context = _asked_of(request, what, subject)
    openid = request.GET.get("openid", "")[:64]
    if request.GET.get("action") != "confirm" or not openid:
        return render(request, "shop/people/remind.html", context)
    try:
        notify.remind_in_wechat(kind=KINDS[what], subject_id=subject_id, openid=openid)
    except Problem as problem:
        if problem.status not in {409, 429}:
            raise
        context |= {"problem": problem}
        return render(request, "shop/people/remind.html", context, status=problem.status)
    return render(request, "shop/people/remind.html", context | {"state": "noted"})


@require_http_methods(["GET", "HEAD", "POST"])
@private
def remind_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm an e-mail address; asks first, since mail readers open links."""
    context: dict[str, Any] = {"nav": "explore"}
    if request.method == "POST":
        if not notify.confirm(token=token):
            raise NotFound()
        context["done"] = True
    return render(request, "shop/people/remind_confirm.html", context)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@private
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """End what a letter brought: needs no account, and works for ever.

    A mail program posts here by itself when its reader says so (RFC 8058), so there is no form
    token; a GET asks first, since mail readers open links.
    """
    context: dict[str, Any] = {"nav": "explore", "state": "ask"}
    if request.method == "POST" and "undo" in request.POST:
        notify.undo_stop(token=token)
        context["state"] = "undone"
    elif request.method == "POST":
        ended = "digest" if notify.end_digest(token=token) else notify.stop(token=token)
        if not ended:
            raise NotFound()
        context["state"] = ended
    else:
        context["kept"] = kept_by_token(token)
    return render(request, "shop/people/stop.html", context)
