"""The demo's bar: be anyone in one tap. Exists only where the demo does."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from banyan.kernel.problems import NotFound
from banyan.people.models import Account

from ..http import same_origin
from ..views import back_to

CAST = {"ana": "home", "mio": "studio_home", "demo_desk": "admin:index", "guest": "home"}


@require_POST
@same_origin
def demo_as(request: HttpRequest, handle: str) -> HttpResponse:
    """Become a demo member, or nobody. Never an account that is not marked as demo."""
    if not settings.DEMO or handle not in CAST:
        raise NotFound()
    if handle == "guest":
        logout(request)
        return redirect(back_to(request))
    account = Account.objects.filter(handle=handle, is_demo=True).first()
    if account is None:
        raise NotFound()
    login(request, account, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect(CAST[handle])
