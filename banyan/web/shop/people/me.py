"""The member's own hub, profile, contacts and choices."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, NotFound, Problem
from banyan.legal.queries import to_accept
from banyan.legal.rules import MEMBERS
from banyan.media.actions import stage
from banyan.payments.queries import wallet_is_on
from banyan.people import actions as people
from banyan.people.access import get_own_account
from banyan.people.actions.sign_in import ADD_CONTACT, attempt_of
from banyan.people.models import Account
from banyan.people.queries import open_offers

from ...http import actor, private
from .adapters import YEAR
from .faces import face_of
from .forms import CodeForm, ContactForm, ProfileForm, refuse
from .login import code_page, resend
from .notifications import badge
from .sessions import client_address, member, region_of

_AREAS = (
    (
        gettext_lazy("Shopping"),
        (
            ("orders_mine", "orders", gettext_lazy("Orders")),
            ("coupons_mine", "tag", gettext_lazy("Coupons")),
            ("points_mine", "coin", gettext_lazy("Points")),
            ("addresses", "truck", gettext_lazy("Addresses")),
        ),
    ),
    (
        gettext_lazy("Money"),
        (
            ("earnings", "coin", gettext_lazy("Earnings")),
            ("statement", "receipt", gettext_lazy("Statement")),
            ("wallet", "wallet", gettext_lazy("Wallet")),
            ("packet_new", "gift", gettext_lazy("Send a red packet")),
            ("links_mine", "share", gettext_lazy("My shares")),
        ),
    ),
    (
        gettext_lazy("Friends and groups"),
        (
            ("chat", "chat", gettext_lazy("Chat")),
            ("notifications", "bell", gettext_lazy("Notifications")),
            ("friends_mine", "people", gettext_lazy("Friends")),
            ("my_followers", "me", gettext_lazy("Followers")),
            ("groups", "people", gettext_lazy("Groups")),
            ("plays_mine", "gift", gettext_lazy("What I take part in")),
        ),
    ),
    (
        gettext_lazy("Posts"),
        (
            ("boards_mine", "save", gettext_lazy("Boards")),
            ("drafts", "edit", gettext_lazy("My drafts")),
            ("balance", "coin", gettext_lazy("Paid posts in my feeds")),
        ),
    ),
    (
        gettext_lazy("Selling"),
        (
            ("storefront_mine", "shop", gettext_lazy("My storefront")),
            ("listings_mine", "tag", gettext_lazy("What I sell")),
            ("studio_home", "shop", gettext_lazy("My shops")),
        ),
    ),
    (
        gettext_lazy("Account"),
        (
            ("me_edit", "edit", gettext_lazy("Profile and contacts")),
            ("privacy", "lock", gettext_lazy("Privacy")),
            ("my_data", "lock", gettext_lazy("My data")),
            ("decisions", "shield", gettext_lazy("Decisions")),
            ("mfa_index", "shield", gettext_lazy("Security")),
            ("tokens", "lock", gettext_lazy("API tokens")),
        ),
    ),
)


@member
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """Show the way to everything of one's own."""
    account = get_own_account(actor(request))
    context = {
        "nav": "me",
        "account": account,
        "face": face_of(account),
        "areas": _areas(actor(request)),
        "offers": open_offers(account.pk),
        "must_agree": bool(to_accept(account.pk, MEMBERS)),
        **badge(request),
    }
    return render(request, "shop/people/me.html", context)


def _areas(who: Actor) -> list[tuple[Promise, list[dict[str, object]]]]:
    desk = (("admin:index", "shield", gettext_lazy("The desk")),) if who.kind == "staff" else ()
    *most, (account, rooms) = _AREAS
    return [(title, _rooms(ways)) for title, ways in (*most, (account, (*desk, *rooms)))]


def _rooms(ways: Sequence[tuple[str, str, Promise]]) -> list[dict[str, object]]:
    return [
        {"url": reverse(name), "icon": icon, "text": text, "name": name}
        for name, icon, text in ways
        if name != "packet_new" or wallet_is_on()
    ]


@private
@member
@require_http_methods(["GET", "HEAD", "POST"])
def me_edit(request: HttpRequest) -> HttpResponse:
    """Change profile and face."""
    account = get_own_account(actor(request))
    form = ProfileForm(request.POST or None, initial=_initial(account))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                people.change_profile(actor=actor(request), **form.cleaned_data)
                messages.success(request, _("Saved."))
                return redirect("me_edit")
            except Invalid as problem:
                refuse(form, problem)
    return render(
        request, "shop/people/me_edit.html", _edit_context(request, account, form), status=status
    )


def _initial(account: Account) -> dict[str, object]:
    profile = account.profile
    return {
        "display_name": account.display_name,
        "handle": account.handle,
        "bio": profile.bio,
        "region": profile.region,
        "birthday": profile.birthday,
        "birthday_audience": profile.birthday_audience,
        "hometown": profile.hometown,
        "dialect": profile.dialect,
        "school": profile.school,
    }


def _edit_context(request: HttpRequest, account: Account, form: ProfileForm) -> dict[str, object]:
    return {
        "nav": "me",
        "account": account,
        "face": face_of(account),
        "form": form,
        "languages": settings.LANGUAGES,
    }


@require_POST
@member
def me_avatar(request: HttpRequest) -> HttpResponse:
    """Take a picture as the face, staged or (without script) sent along, or go back to initials."""
    who = actor(request)
    token = request.POST.get("avatar", "")
    file = request.FILES.get("avatar_files")
    try:
        if "remove" in request.POST:
            people.remove_avatar(actor=who)
        elif token:
            people.set_avatar(actor=who, token=token)
        elif file:
            staged = stage(actor=who, data=file, filename=file.name or "")
            people.set_avatar(actor=who, token=staged.token)
    except Problem as problem:
        messages.error(request, str(next(iter(problem.fields.values()), problem.message)))
    return redirect("me_edit")


@require_POST
@member
def me_display(request: HttpRequest) -> HttpResponse:
    """Remember language and theme on the account and in this browser."""
    who = actor(request)
    response = redirect("me")
    secure = request.is_secure()
    if "language" in request.POST:
        people.set_language(actor=who, language=request.POST["language"])
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            request.POST["language"],
            max_age=YEAR,
            samesite="Lax",
            secure=secure,
        )
    if "theme" in request.POST:
        people.set_theme(actor=who, theme=request.POST["theme"])
        response.set_cookie(
            "banyan_theme", request.POST["theme"], max_age=YEAR, samesite="Lax", secure=secure
        )
    return response


@private
@member
@require_http_methods(["GET", "HEAD", "POST"])
def contact_add(request: HttpRequest) -> HttpResponse:
    """Ask for a further (or another) e-mail address or phone number, and prove it by a code."""
    form = ContactForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                attempt = people.request_code(
                    actor=actor(request),
                    contact=form.cleaned_data["contact"],
                    region=region_of(request),
                    language=request.LANGUAGE_CODE,
                    purpose=ADD_CONTACT,
                    source=client_address(request),
                )
                return redirect("contact_code", token=attempt.token)
            except Problem as problem:
                refuse(form, problem)
                status = problem.status
    account = get_own_account(actor(request))
    context = {"nav": "me", "form": form, "account": account}
    return render(request, "shop/people/contact_add.html", context, status=status)


@private
@member
@require_http_methods(["GET", "HEAD", "POST"])
def contact_code(request: HttpRequest, token: str) -> HttpResponseBase:
    """Take the code that proves the contact, then offer what a guest left under it."""
    attempt = attempt_of(token)
    if attempt.purpose != ADD_CONTACT or attempt.account_id != actor(request).id:
        raise NotFound()
    if request.method != "POST":
        return code_page(request, attempt, CodeForm())
    if request.POST.get("action") == "resend":
        return resend(request, attempt, reverse("contact_code", args=[token]))
    form = CodeForm(request.POST)
    if not form.is_valid():
        return code_page(request, attempt, form, status=422)
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
    messages.success(request, _("This contact is yours now."))
    if people.offer_merge(done.account):
        return redirect("merge_offer", merge_id=open_offers(done.account.pk)[0].pk)
    return redirect("me_edit")
