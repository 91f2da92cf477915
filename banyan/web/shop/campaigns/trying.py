"""A draft on a real phone, by a link that its shop has made: played, and nothing of it kept."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.campaigns.actions import previewing
from banyan.campaigns.blocks import Next
from banyan.campaigns.mechanic import VERBS
from banyan.kernel.problems import NotFound, Problem
from banyan.media.qr import qr_png

from ...http import private, same_origin

MOST_TYPED, LONGEST = 10, 100


def phone_address(request: HttpRequest, token: str) -> str:
    """Return the absolute address of a phone: our public one, else the browser's."""
    path = reverse("try_out", args=[token])
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)


@require_safe
@private
def try_out(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a phone of a preview shows. Needs no account; the link is good for an hour."""
    screen = previewing.look(token=token)
    offered = [one for one in screen.blocks if isinstance(one, Next)]
    context = {
        "screen": screen,
        "token": token,
        "is_yours": screen.phone == previewing.YOURS,
        "blocks": [one for one in screen.blocks if not isinstance(one, Next)],
        "todo": [one for one in offered if one.verb in VERBS and not one.url],
        "beyond": [one for one in offered if one.verb not in VERBS or one.url],
    }
    answer = render(request, "shop/campaigns/try.html", context)
    answer["X-Robots-Tag"] = "noindex"
    return answer


@require_POST
@private
@same_origin
def try_act(request: HttpRequest, token: str, verb: str) -> HttpResponse:
    """Press something on a phone of a preview, and look again."""
    typed = list(request.POST.items())[:MOST_TYPED]
    given = {name[:LONGEST]: str(text)[:LONGEST] for name, text in typed}
    try:
        if previewing.press(token=token, verb=verb, given=given):
            messages.info(request, _("From here it goes on to the checkout."))
    except NotFound:
        raise
    except Problem as problem:
        messages.error(request, str(problem.message))
    return redirect("try_out", token)


@require_safe
@private
def try_qr(request: HttpRequest, token: str) -> HttpResponse:
    """Return the QR code of a phone's address."""
    return HttpResponse(qr_png(phone_address(request, token)), content_type="image/png")
