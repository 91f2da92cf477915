"""The till for vouchers: redeem by code, on line or told later by a device that was off line."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zoneinfo
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.catalog.models import Shop
from banyan.delivery import actions as delivery
from banyan.delivery.access import visible_scans
from banyan.delivery.actions import ACCEPTED, Device
from banyan.delivery.models import Scan
from banyan.delivery.queries import called, conflicts, good_today
from banyan.delivery.rules import grouped, read_code
from banyan.kernel import clock
from banyan.kernel.http import storable
from banyan.kernel.ids import new_code
from banyan.kernel.keyrings import BadSeal, Ring, sign, unsign
from banyan.kernel.problems import Invalid, Problem

from ..http import actor, number, private, signed_in
from .room import page, refusal_of, shop_of

SHOWN = 20
MOST_AT_ONCE = 500
LONGEST_KEY = 80
PLACE = "till_place"


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def redeem(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Ask for a code, typed, pasted or brought by its QR; on POST redeem it, once."""
    shop = shop_of(request, shop_slug)
    if request.method != "POST":
        return _page(request, shop, request.GET.get("code", ""))
    place = request.POST.get("place", "").strip()[:80]
    request.session[PLACE] = place
    code = request.POST.get("code", "")
    try:
        scan = delivery.redeem(
            actor=actor(request),
            shop_id=shop.pk,
            code=code,
            key=f"form:{request.POST.get('key') or new_code(80)}"[:80],
            place=place,
        )
    except Problem as problem:
        return _page(request, shop, code, refusal_of(problem))
    return redirect(f"{reverse('studio_redeem', args=[shop.slug])}?scan={scan.pk}")


def _page(
    request: HttpRequest, shop: Shop, code: str, problem: Problem | None = None
) -> HttpResponse:
    scans = visible_scans(actor(request), shop.pk)
    asked = number(request.GET, "scan")
    last = scans.filter(pk=asked).first() if asked else None
    read = read_code(code)
    context: dict[str, Any] = {
        "code": grouped(read) if read else code[:60],
        "place": request.session.get(PLACE, ""),
        "key": new_code(80),
        "last": _row(last, shop) if last else None,
        "recent": [_row(scan, shop) for scan in scans[:SHOWN]],
        "conflicts": [_row(scan, shop) for scan in conflicts(scans)[:SHOWN]],
        "mistyped": _told("voucher_mistyped"),
    }
    return page(request, shop, "redeem", "studio/redeem.html", context, problem)


def _told(result: str) -> str:
    return {
        "accepted": _("Redeemed"),
        "voucher_redeemed": _("This voucher was redeemed before."),
        "voucher_refunded": _("This voucher was refunded. It is not valid any more."),
        "voucher_expired": _("This voucher has expired."),
        "voucher_early": _("This voucher is not valid yet."),
        "voucher_unknown": _("There is no such voucher in this shop."),
        "voucher_mistyped": _("This is not a voucher code. Please look at it again."),
        "idempotency_mismatch": _("This request was already sent with other content."),
    }[result]


def _row(scan: Scan, shop: Shop) -> dict[str, Any]:
    """Return how a scan went, with when, where and by whom its voucher was redeemed."""
    voucher = scan.voucher
    redeemed = voucher if voucher is not None and voucher.redeemed_at else None
    return {
        "scan": scan,
        "title": voucher.title if voucher else "",
        "accepted": scan.result == ACCEPTED,
        "text": _told(scan.result),
        "at": _local(redeemed.redeemed_at if redeemed else None, shop),
        "where": redeemed.redeemed_place if redeemed else "",
        "by": called(redeemed.redeemed_by) if redeemed else "",
        "scanned_at": _local(scan.scanned_at, shop),
        "arrived_at": _local(scan.arrived_at, shop),
        "scanned_by": called(scan.by),
        "ahead": (scan.skew_ms or 0) // 1000,
    }


def _local(moment: dt.datetime | None, shop: Shop) -> str:
    if moment is None:
        return ""
    return f"{moment.astimezone(zoneinfo.ZoneInfo(shop.timezone)):%Y-%m-%d %H:%M}"


@require_POST
@private
@signed_in
def conflict_seen(request: HttpRequest, shop_slug: str, scan_id: int) -> HttpResponse:
    """Take a conflict off the list."""
    shop = shop_of(request, shop_slug)
    delivery.settle_conflict(actor=actor(request), shop_id=shop.pk, scan_id=scan_id)
    messages.success(request, _("Noted."))
    return redirect("studio_redeem", shop.slug)


@require_safe
@private
@signed_in
def offline_list(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Return what a till needs to tell known codes from unknown ones today, without a network.

    ``codes`` are shortened SHA-256 digests, which tell no code; ``stamp`` proves at the sync
    which list a device went by.
    """
    shop = shop_of(request, shop_slug)
    now = clock.now()
    local = now.astimezone(zoneinfo.ZoneInfo(shop.timezone))
    midnight = (local + dt.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    codes = good_today(shop.pk, until=midnight)
    proof = hashlib.sha256("".join(codes).encode()).hexdigest()
    return JsonResponse(
        {
            "shop": str(shop.pk),
            "made_at": now.isoformat(),
            "until": midnight.isoformat(),
            "codes": codes,
            "stamp": sign(Ring.DELIVERY, f"list/{shop.pk}/{now.isoformat()}/{proof}"),
        }
    )


@require_POST
@private
@signed_in
def sync(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Take in what a device scanned while it was off line; repeatable by each scan's key.

    JSON ``{"device", "now", "list", "scans": [{"key", "code", "at", "place"}]}``, times in ISO
    8601 with a zone. Answers each scan by its key: result, and when, where and by whom the
    voucher was redeemed.
    """
    shop = shop_of(request, shop_slug)
    told = _body(request)
    device = _text(told, "device", 40)
    skew = _moment(told, "now") - clock.now()
    list_at = _list_at(told.get("list"), shop)
    scans = told.get("scans")
    if not isinstance(scans, list) or len(scans) > MOST_AT_ONCE:
        raise _unreadable("scans")
    answers = []
    for scan in scans:
        if not isinstance(scan, dict):
            raise _unreadable("scans")
        at = _moment(scan, "at")
        known = Device(name=device, scanned_at=at, skew=skew, list_at=list_at)
        answers.append(_take_in(request, shop, scan, known))
    return JsonResponse({"scans": answers})


def _take_in(
    request: HttpRequest, shop: Shop, scan: dict[str, Any], device: Device
) -> dict[str, Any]:
    key, place = _text(scan, "key", 60), _place(scan)
    try:
        found = delivery.redeem(
            actor=actor(request),
            shop_id=shop.pk,
            code=_text(scan, "code", 200),
            key=_key_of(device.name, key),
            place=place,
            device=device,
        )
    except Problem as problem:
        refusal_of(problem)
        return {"key": key, "result": problem.code, "text": str(problem.message)}
    found = visible_scans(actor(request), shop.pk).get(pk=found.pk)
    row = _row(found, shop)
    return {"key": key, "result": found.result} | {
        name: row[name] for name in ("text", "title", "at", "where", "by")
    }


def _key_of(device: str, key: str) -> str:
    """Return the key of a scan in the shop, never cut: two that begin alike are two."""
    whole = f"{device}:{key}"
    return whole if len(whole) <= LONGEST_KEY else hashlib.sha256(whole.encode()).hexdigest()


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError, RawPostDataException) as error:  # the last: it is a form
        raise _unreadable("body") from error
    if not isinstance(told, dict):
        raise _unreadable("body")
    return told


def _unreadable(field: str) -> Invalid:
    return Invalid(code="sync_unreadable", detail=field, fields={field: _("This cannot be read.")})


def _text(told: dict[str, Any], name: str, most: int) -> str:
    text = told.get(name)
    if not isinstance(text, str) or not 1 <= len(text) <= most or not storable(text):
        raise _unreadable(name)
    return text


def _place(scan: dict[str, Any]) -> str:
    place = str(scan.get("place", ""))[:80]
    if not storable(place):
        raise _unreadable("place")
    return place


def _moment(told: dict[str, Any], name: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(_text(told, name, 40))
        if moment.tzinfo is None or not clock.EARLIEST <= moment < clock.LATEST:
            raise _unreadable(name)
        return moment.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise _unreadable(name) from error


def _list_at(stamp: object, shop: Shop) -> dt.datetime | None:
    """Return when the list was made that a device went by; None for none, or one not of ours."""
    try:
        kind, shop_id, made_at, _proof = unsign(Ring.DELIVERY, str(stamp or "")).split("/")
    except (BadSeal, ValueError):
        return None
    if (kind, shop_id) != ("list", str(shop.pk)):
        return None
    return dt.datetime.fromisoformat(made_at)
