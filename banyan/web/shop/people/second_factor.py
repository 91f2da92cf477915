"""The desk asks staff for a second factor."""

from __future__ import annotations

from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView, ReauthenticateView
from allauth.mfa.totp.views import ActivateTOTPView
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from banyan.kernel.problems import NotFound

from ...http import View, actor
from .sessions import to_login


def second_factor_first(request: HttpRequest) -> HttpResponse | None:
    """Return the way to a second factor for staff who have shown none in this session, else None.

    Without one it leads to the set-up page; with one, but in a session that began before it was
    set up, to the page that asks for it. ``STAFF_TOTP_REQUIRED`` switches it off, as in a demo.
    """
    if not settings.STAFF_TOTP_REQUIRED:
        return None
    if not get_adapter().is_mfa_enabled(request.user, types=["totp", "webauthn"]):
        messages.warning(request, _("The desk needs a second factor. Please set one up first."))
        return redirect("mfa_activate_totp")
    shown = get_authentication_records(request, request.user)
    if any(record.get("method") == "mfa" for record in shown):
        return None
    query = urlencode({"next": request.get_full_path()})
    return redirect(f"{reverse('mfa_reauthenticate')}?{query}")


def staff_only(view: View) -> View:
    """Let staff with a second factor in; everybody else sees nothing there is to see."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        who = actor(request)
        if who.id is None:
            return to_login(next_url=request.get_full_path())
        if who.kind != "staff":
            raise NotFound()
        return second_factor_first(request) or view(request, *args, **kwargs)

    return wrapped


class Refused:
    """A refused form answers 422, like every other of ours."""

    def form_invalid(self, form: Any) -> HttpResponseBase:
        """Render the page again with what was wrong."""
        response: HttpResponseBase = super().form_invalid(form)  # type: ignore[misc]  # of the view it is mixed into
        response.status_code = 422
        return response


class Authenticate(Refused, AuthenticateView):  # type: ignore[misc]  # an untyped base
    """The second factor of a sign-in."""


class Reauthenticate(Refused, ReauthenticateView):  # type: ignore[misc]  # an untyped base
    """The second factor before something sensitive."""


class ActivateTotp(Refused, ActivateTOTPView):  # type: ignore[misc]  # an untyped base
    """Setting an authenticator app up."""
