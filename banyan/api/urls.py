"""URL list of the HTTP API: version 1, its document and the page that shows it."""

from __future__ import annotations

from django.urls import path

from . import (
    carts,
    checkouts,
    coupons,
    delivery,
    documents,
    earnings,
    feeds,
    groups,
    ledger,
    links,
    me,
    orders,
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
    people,
    relations,
    shops,
    products,
    delivery,
    price_lists,
    coupons,
    storefronts,
    posts,
    feeds,
    groups,
    topics,
    links,
    carts,
    checkouts,
    orders,
    refunds,
    returns,
    documents,
    earnings,
    ledger,
):
    api.add_router("/v1", domain.router)

urlpatterns = [path("", api.urls)]
