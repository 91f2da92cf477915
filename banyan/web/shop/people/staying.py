"""Who signs in while they are leaving is asked: stay, or go on leaving. Nothing else cancels it."""

from __future__ import annotations

import datetime as dt

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.legal import actions as legal
from banyan.legal.models import Erasure
from banyan.legal.queries import leaving
from banyan.people.models import Account

from ...http import private, same_origin

PROVEN = "leaving"
# How long the choice stands open to this browser, as for a sign-in that is under way.
GRACE = dt.timedelta(minutes=15)


def ask_to_stay(request: HttpRequest, account: Account) -> HttpResponse:
    """Note in the session who has proven to be the account's owner, and lead to the choice."""
    until = (clock.now() + GRACE).timestamp()
    request.session[PROVEN] = {"account": account.pk, "until": until}
    return redirect("login_leaving")


@same_origin
@private
@require_http_methods(["GET", "HEAD", "POST"])
def login_leaving(request: HttpRequest) -> HttpResponseBase:
    """Say when the account is erased; stay opens it, going on leaves it as it is."""
    erasure = _proven(request)
    day = clock.told(erasure.due_at)
    if request.method != "POST":
        return render(request, "shop/people/leaving.html", {"day": day})
    del request.session[PROVEN]
    if request.POST.get("choice") != "stay":
        told = _("Your account stays closed. It is erased on %(day)s.")
        messages.success(request, told % {"day": day})
        return redirect("home")
    account = erasure.account
    assert account is not None  # an erasure of a guest's purchase never waits
    if not legal.stay(actor=Actor(kind="member", id=account.pk, label=str(account))):
        return redirect("account_inactive")
    account.refresh_from_db()
    adapter = get_adapter(request)
    adapter.login(request, account)
    messages.success(request, _("You stay. Everything is as it was."))
    response: HttpResponseBase = adapter.post_login(
        request, account, email_verification="none", signal_kwargs=None, email=None, signup=False,
        redirect_url="/",
    )  # fmt: skip
    return response


def _proven(request: HttpRequest) -> Erasure:
    noted = request.session.get(PROVEN) or {}
    fresh = noted.get("until", 0) > clock.now().timestamp()
    erasure = leaving(noted["account"]) if fresh else None
    if erasure is None:
        raise NotFound()
    return erasure
