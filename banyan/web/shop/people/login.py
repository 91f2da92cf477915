"""Signing in: one field, one code, and on with what was intended."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from allauth.account.internal.flows.logout import logout as end_session
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from banyan.kernel import clock
from banyan.kernel.problems import Invalid, NotFound, Problem, TooMany
from banyan.legal.queries import to_accept
from banyan.legal.rules import MEMBERS
from banyan.notify import actions as notify
from banyan.people import actions as people
from banyan.people.access import get_own_account
from banyan.people.actions.intents import open_intent
from banyan.people.actions.sign_in import SENDS, attempt_of
from banyan.people.models import SignInCode
from banyan.people.ports import resumption
from banyan.people.queries import open_offers
from banyan.people.rules import mask_contact

from ...cookies import keep_cart_count
from ...http import actor, private, same_origin
from .forms import CodeForm, ContactForm, refuse
from .notification_settings import BROWSER
from .sessions import (
    cart_token,
    client_address,
    member,
    passkeys_work,
    region_of,
    safe_next,
    sign_in,
    visitor,
)

# How long after the right code a sign-in may still finish: the second factor takes its time.
GRACE = dt.timedelta(minutes=15)


@same_origin
@private
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponseBase:
    """Ask for a contact and send it a code; unknown contacts are asked no differently."""
    intent = (request.POST.get("intent") or request.GET.get("intent") or "")[:40]
    next_url = safe_next(request)
    if actor(request).id is not None:
        return _already_in(request, intent, next_url)
    if request.method != "POST":
        return _login_page(request, ContactForm(), intent, next_url)
    form = ContactForm(request.POST)
    if form.is_valid():
        try:
            attempt = people.request_code(
                actor=actor(request),
                contact=form.cleaned_data["contact"],
                region=region_of(request),
                language=request.LANGUAGE_CODE,
                begun=people.Begun(
                    visitor=visitor(request),
                    cart_token=cart_token(request),
                    intent=intent,
                    next_url=next_url,
                ),
                source=client_address(request),
            )
            return redirect("login_code", token=attempt.token)
        except (Invalid, TooMany) as problem:
            refuse(form, problem)
            return _login_page(request, form, intent, next_url, status=problem.status)
    return _login_page(request, form, intent, next_url, status=422)


def _login_page(
    request: HttpRequest, form: ContactForm, intent: str, next_url: str, status: int = 200
) -> HttpResponse:
    waiting = open_intent(intent)
    known = resumption(waiting.kind) if waiting else None
    context = {
        "form": form,
        "intent": intent,
        "next": next_url,
        "doing": known.describe(waiting.payload) if known and waiting else "",
        "done_url": _done_url(intent, next_url),
        "passkeys": passkeys_work(request),
        "social": settings.SOCIAL_PROVIDERS,
        "phones": "sms" in settings.SIGN_IN_CHANNELS,
    }
    return render(request, "shop/people/login.html", context, status=status)


def _done_url(intent: str, next_url: str) -> str:
    """Return where sign-ins without a code end: the intent is then confirmed by a tap."""
    carried = {name: value for name, value in (("intent", intent), ("next", next_url)) if value}
    return reverse("login_done") + (f"?{urlencode(carried)}" if carried else "")


def _already_in(request: HttpRequest, intent: str, next_url: str) -> HttpResponse:
    if open_intent(intent):
        return redirect(_done_url(intent, next_url))
    return redirect(next_url or "/")


@same_origin
@private
@require_http_methods(["GET", "HEAD", "POST"])
def login_code(request: HttpRequest, token: str) -> HttpResponseBase:
    """Take the typed code. The address alone opens this page in any browser, and nothing else."""
    attempt = attempt_of(token)
    if attempt.purpose != "sign_in":
        raise NotFound()
    if actor(request).id is not None and attempt.account_id == actor(request).id:
        return redirect(attempt.next_url or "/")
    if request.method != "POST":
        return code_page(request, attempt, CodeForm())
    if request.POST.get("action") == "resend":
        return resend(request, attempt, reverse("login_code", args=[token]))
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            done = people.verify_code(
                actor=actor(request),
                token=token,
                code=form.cleaned_data["code"],
                source=client_address(request),
            )
        except Problem as problem:
            refuse(form, problem)
            return code_page(request, attempt, form, status=problem.status)
        return sign_in(request, done.account, attempt=done.attempt, created=done.created)
    return code_page(request, attempt, form, status=422)


def code_page(
    request: HttpRequest, attempt: SignInCode, form: forms.Form, status: int = 200
) -> HttpResponse:
    """Show where the code went and take it."""
    here = request.get_host() + reverse("login_code", args=[attempt.token])
    context = {
        "form": form,
        "attempt": attempt,
        "sent_to": mask_contact(attempt.contact),
        "here": here,
        "demo_code": people.demo_code(attempt),
        "spent": attempt.used_at is not None or attempt.expires_at <= clock.now(),
        "again": attempt.sends < SENDS,
    }
    return render(request, "shop/people/code.html", context, status=status)


def resend(request: HttpRequest, attempt: SignInCode, url: str) -> HttpResponse:
    """Send another code and come back to the page, or say why not."""
    try:
        people.resend_code(
            actor=actor(request), token=attempt.token, source=client_address(request)
        )
        messages.success(request, _("A new code is on its way. The one before no longer works."))
    except Problem as problem:
        messages.error(request, str(next(iter(problem.fields.values()), problem.message)))
    return redirect(url)


@private
@member
@require_http_methods(["GET", "HEAD", "POST"])
def login_done(request: HttpRequest) -> HttpResponseBase:
    """Finish a sign-in: join the browser where it began, do what was intended, offer the merge.

    After a typed code the act is done at once: the attempt's token proves that whoever finishes
    is who began. Without one (passkey, another site, signed in already) it is asked for by a tap,
    because the address alone could have been prepared by a stranger.
    """
    attempt = _fresh_attempt(request)
    intent = attempt.intent if attempt else (request.GET.get("intent") or "")[:40]
    next_url = attempt.next_url if attempt else safe_next(request)
    if attempt is not None and attempt.account is not None:
        people.join_browser(
            account=attempt.account, visitor=attempt.visitor, cart_token=attempt.cart_token
        )
    waiting = open_intent(intent)
    known = resumption(waiting.kind) if waiting else None
    if waiting is None or known is None:
        return _onward(request, next_url, offers=attempt is not None)
    if request.method != "POST" and (attempt is None or known.confirm):
        context = {"doing": known.describe(waiting.payload), "next": next_url}
        return render(request, "shop/people/resume.html", context)
    try:
        url = people.resume_intent(actor=actor(request), token=intent)
    except Problem as problem:
        messages.error(request, str(problem.message))
        url = ""
    return redirect(url or next_url or "/")


def _fresh_attempt(request: HttpRequest) -> SignInCode | None:
    """Return the code sign-in that this account has just finished, if the address names it."""
    token = request.GET.get("c", "")
    if not token:
        return None
    return SignInCode.objects.filter(
        token=token,
        purpose="sign_in",
        account_id=actor(request).id or 0,
        used_at__gt=clock.now() - GRACE,
    ).first()


def _onward(request: HttpRequest, next_url: str, *, offers: bool) -> HttpResponse:
    """Go back, by way of the merge offer where a guest left orders under the same contact."""
    if offers:
        people.offer_merge(get_own_account(actor(request)))
        waiting = open_offers(actor(request).id or 0)
        if waiting:
            url = reverse("merge_offer", args=[waiting[0].pk])
            return redirect(url + (f"?{urlencode({'next': next_url})}" if next_url else ""))
    if to_accept(actor(request).id or 0, MEMBERS):
        url = reverse("legal_agree")
        return redirect(url + (f"?{urlencode({'next': next_url})}" if next_url else ""))
    return redirect(next_url or "/")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """End the session; a GET asks first, because anybody can make a browser GET."""
    if request.method != "POST":
        return render(request, "shop/people/logout.html")
    notify.unsubscribe(actor=actor(request), browser_id=request.session.get(BROWSER, 0))
    end_session(request)
    response = redirect(safe_next(request, "/"))
    keep_cart_count(response, 0)
    if request.is_secure():
        response["Clear-Site-Data"] = '"cache"'
    return response


@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    """Say that an account is closed."""
    raise NotFound(_("This account is closed."), code="account_closed")


@member
def reauthenticate(request: HttpRequest) -> HttpResponse:
    """There are no passwords to ask for again; allauth asks for the second factor itself."""
    return redirect("mfa_index")
