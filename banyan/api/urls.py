"""URL list of the HTTP API: version 1, its document and the page that shows it."""

from __future__ import annotations

from django.urls import path

from . import (
    attributes,
    campaigns,
    carts,
    changes,
    chat,
    checkouts,
    coupons,
    delivery,
    documents,
    earnings,
    fapiao,
    feeds,
    groups,
    handing_over,
    ledger,
    links,
    listings,
    me,
    mechanics,
    moderation,
    notices,
    orders,
    packets,
    people,
    posts,
    price_lists,
    products,
    refunds,
    relations,
    returns,
    shops,
    sign_in,
    storefronts,
    topics,
)
from .service import new_api

api = new_api()
for domain in (
    sign_in,
    me,
    notices,
    people,
    relations,
    shops,
    attributes,
    products,
    handing_over,
    listings,
    delivery,
    price_lists,
    coupons,
    mechanics,
    campaigns,
    storefronts,
    posts,
    feeds,
    groups,
    topics,
    chat,
    packets,
    moderation,
    links,
    carts,
    checkouts,
    orders,
    changes,
    refunds,
    returns,
    documents,
    fapiao,
    earnings,
    ledger,
):
    api.add_router("/v1", domain.router)

urlpatterns = [path("", api.urls)]
