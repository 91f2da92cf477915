"""URLs of the market between members, and of disputes."""

from django.urls import path

from ..trade import disputes, listings

urlpatterns = [
    path("market", listings.listings, name="listings"),
    path("market/new", listings.listing_new, name="listing_new"),
    path("me/listings", listings.listings_mine, name="listings_mine"),
    path("me/listings/<int:listing_id>/end", listings.listing_withdraw, name="listing_withdraw"),
    path("o/<str:token>/<int:order_id>/dispute", disputes.dispute_ask, name="dispute_ask"),
    path("disputes/<int:dispute_id>", disputes.dispute, name="dispute"),
    path("disputes/<int:dispute_id>/end", disputes.dispute_withdraw, name="dispute_withdraw"),
]
