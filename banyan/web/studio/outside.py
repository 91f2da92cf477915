"""Pictures of likes elsewhere: two people of the shop accept one, or one of them refuses it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.campaigns import actions as campaigns
from banyan.campaigns.access import (
    get_campaign_for_staff,
    get_outside_for_staff,
    visible_outside,
)
from banyan.campaigns.models import Campaign, OutsidePicture
from banyan.campaigns.outside import alike
from banyan.catalog.access import MANAGERS
from banyan.catalog.models import Shop
from banyan.kernel.problems import NotFound, Problem
from banyan.media.queries import pictures

from ..http import actor, pressed, private, signed_in
from .room import page, refusal_of, shop_of

PAGE = 30


@require_safe
@private
@signed_in
def outside_list(request: HttpRequest, shop_slug: str, campaign_id: int) -> HttpResponse:
    """List the pictures of a campaign, those that wait first, with those that look the same."""
    shop = shop_of(request, shop_slug, MANAGERS)
    return _list(request, shop, _campaign_of(request, shop, campaign_id))


@require_POST
@private
@signed_in
def outside_judge(request: HttpRequest, shop_slug: str, picture_id: int) -> HttpResponse:
    """Accept a picture, as the first or the second person, or refuse it with a reason."""
    shop, who = shop_of(request, shop_slug, MANAGERS), actor(request)
    do = pressed(request, "accept", "refuse")
    found = get_outside_for_staff(who, picture_id)
    campaign = _campaign_of(request, shop, found.instance.campaign_id)
    try:
        if do == "accept":
            done = campaigns.accept_outside(actor=who, picture_id=found.pk)
        else:
            reason = request.POST.get("reason", "")
            done = campaigns.refuse_outside(actor=who, picture_id=found.pk, reason=reason)
    except Problem as problem:
        return _list(request, shop, campaign, refusal_of(problem))
    told = {
        "vouched": _("Noted. A second person has to look at it, too."),
        "accepted": _("Accepted. The reward is given."),
        "refused": _("Refused. Whoever showed it reads your reason."),
    }
    messages.success(request, told[done.state])
    return redirect("studio_outside", shop.slug, campaign.pk)


def _campaign_of(request: HttpRequest, shop: Shop, campaign_id: int) -> Campaign:
    found = get_campaign_for_staff(actor(request), campaign_id)
    if found.shop_id != shop.pk:
        raise NotFound()
    return found


def _list(
    request: HttpRequest, shop: Shop, campaign: Campaign, problem: Problem | None = None
) -> HttpResponse:
    rows = list(visible_outside(actor(request), campaign)[:PAGE])
    shown = pictures(one.image_id for one in rows)
    same = alike([one.pk for one in rows])
    context = {
        "campaign": campaign,
        "rows": [_row(one, shown.get(one.image_id), same.get(one.pk, [])) for one in rows],
    }
    return page(request, shop, "campaigns", "studio/outside.html", context, problem)


def _row(one: OutsidePicture, picture: Any, same: list[OutsidePicture]) -> dict[str, Any]:
    words = {
        "waiting": (_("Waits for two people"), "gold"),
        "vouched": (_("Waits for a second person"), "gold"),
        "accepted": (_("Accepted"), "good"),
        "refused": (_("Refused"), "bad"),
    }
    return {
        "shown": one,
        "picture": picture,
        "state": words[one.state],
        "open": one.state in {"waiting", "vouched"},
        "same": same,
    }
