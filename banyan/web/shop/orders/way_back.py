"""Back to where somebody tapped Buy: the place in a post or feed outlives checkout and payment."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from banyan.orders.models import Checkout

from ...cookies import WAY_BACK, read_signed, write_signed

LONGEST = 200


def way_back(request: HttpRequest) -> str:
    """Return the page of ours that ``back`` names, empty without or for any other."""
    data = request.POST if request.method == "POST" else request.GET
    url = data.get("back", "")
    fits = len(url) <= LONGEST and url.startswith("/")
    return url if fits and url_has_allowed_host_and_scheme(url, {request.get_host()}) else ""


def keep(request: HttpRequest, response: HttpResponse, placed: Checkout) -> HttpResponse:
    """Remember the way back for the pages of the order just placed."""
    url = way_back(request)
    if url:
        write_signed(request, response, WAY_BACK, f"{placed.pk} {url}")
    return response


def kept(request: HttpRequest, checkout: Checkout) -> str:
    """Return the way back from an order's pages, empty where none is known."""
    order_id, _space, url = read_signed(request, WAY_BACK).partition(" ")
    return url if order_id == str(checkout.pk) else ""
