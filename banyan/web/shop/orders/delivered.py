"""What a purchase without a parcel gave: keys, downloads, vouchers, and their pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from banyan.catalog.access import works_in
from banyan.catalog.rules import IN_PARCELS
from banyan.delivery import actions as delivery
from banyan.delivery.access import get_grant, get_voucher_by_code
from banyan.delivery.models import Voucher
from banyan.delivery.queries import Bought, bought, called, file_of
from banyan.delivery.rules import grouped
from banyan.kernel.keyrings import BadSeal, Ring, sign, unsign
from banyan.kernel.problems import Conflict, NotFound
from banyan.kernel.ratelimits import hit
from banyan.media.qr import qr_png
from banyan.orders.models import OrderLine

from ...http import actor, private
from ..people.sessions import client_address

LINK_LASTS = dt.timedelta(hours=1)
LOOKS_PER_HOUR = 120


def bought_rows(lines: Iterable[OrderLine]) -> dict[int, dict[str, Any]]:
    """Return what lines gave, by line id, as the order's page draws it; nothing without such."""
    wanted = [line.pk for line in lines if line.kind not in IN_PARCELS]
    return {line_id: _row(found) for line_id, found in bought(wanted).items()} if wanted else {}


def _row(found: Bought) -> dict[str, Any]:
    grant = found.grant
    return {
        "keys": found.keys,
        "missing": found.missing,
        "file": found.file,
        "left": grant.left if grant else 0,
        "is_down": grant is not None and grant.is_down,
        "is_closed": grant is not None and grant.closed_at is not None,
        "file_url": reverse("bought_file", args=[sign(Ring.DELIVERY, f"grant-{grant.pk}")])
        if grant
        else "",
        "vouchers": [voucher_row(voucher, code) for voucher, code in found.vouchers],
    }


def voucher_row(voucher: Voucher, code: str) -> dict[str, Any]:
    """Return a voucher as its pages draw it."""
    return {
        "voucher": voucher,
        "code": grouped(code),
        "state": voucher_state(voucher.state),
        "url": reverse("voucher", args=[code]),
        "qr_url": reverse("voucher_qr", args=[code]),
        "by": called(voucher.redeemed_by),
        "usable": voucher.state == "issued",
    }


def voucher_state(state: str) -> str:
    """Return how a voucher stands, in words."""
    return {
        "issued": _("Can be redeemed"),
        "redeemed": _("Redeemed"),
        "expired": _("Expired"),
        "refunded": _("Refunded"),
    }[state]


@require_http_methods(["GET", "HEAD", "POST"])
@private
def bought_file(request: HttpRequest, signed: str) -> HttpResponseBase:
    """Offer a bought file; on POST send it, which uses one of its downloads."""
    grant = get_grant(_grant_of(signed))
    if request.method != "POST":
        file = file_of(grant.product_id)
        context = {
            "nav": "orders",
            "grant": grant,
            "file": file,
            "size": filesizeformat(file.size) if file else "",
            "left": grant.left,
        }
        return render(request, "shop/orders/file.html", context)
    got = delivery.fetch(actor=actor(request), grant_id=grant.pk)
    return FileResponse(
        got.stream,
        as_attachment=True,
        filename=got.file.name,
        content_type="application/octet-stream",
        headers={"Content-Length": str(got.file.size)},
    )


def _grant_of(signed: str) -> int:
    try:
        name = unsign(Ring.DELIVERY, signed)
    except BadSeal as error:
        raise NotFound() from error
    try:
        unsign(Ring.DELIVERY, signed, max_age=LINK_LASTS)
    except BadSeal as error:
        raise Conflict(
            _("This link is too old. Please open your order again."), code="link_too_old"
        ) from error
    kind, _dash, pk = name.partition("-")
    if kind != "grant":
        raise NotFound()
    return int(pk)


@require_safe
@private
def voucher(request: HttpRequest, code: str) -> HttpResponse:
    """Where a voucher's QR code leads: staff to the till of their shop, its holder to the voucher.

    Who has the code holds the voucher; guessing is limited.
    """
    found = _voucher_of(request, code)
    if works_in(actor(request), found.shop_id):
        return redirect(f"{reverse('studio_redeem', args=[found.shop.slug])}?code={code}")
    context = {"nav": "orders", "row": voucher_row(found, delivery.open_voucher(found))}
    return render(request, "shop/orders/voucher.html", context)


@require_safe
@private
def voucher_qr(request: HttpRequest, code: str) -> HttpResponse:
    """Return the QR code of a voucher: black on white, 720 px, readable off a bright screen."""
    found = _voucher_of(request, code)
    path = reverse("voucher", args=[delivery.open_voucher(found)])
    ours = settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)
    return HttpResponse(qr_png(ours, 720), content_type="image/png")


def _voucher_of(request: HttpRequest, code: str) -> Voucher:
    try:
        return get_voucher_by_code(code)
    except NotFound:
        hit(f"voucher:{client_address(request)}", LOOKS_PER_HOUR, 3600)
        raise
