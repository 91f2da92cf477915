"""URLs of the pages for shoppers and members, one list per area.

They are joined into one flat list, what is asked for most first: Django walks the list from its
head, and keeps a record of every nested list that did not match.
"""

from django.urls import URLPattern, URLResolver

from . import (
    campaigns,
    chance,
    chat,
    community,
    earnings,
    groups,
    legal,
    market,
    moderation,
    orders,
    people,
    sharing,
    standing,
    trade,
)

urlpatterns: list[URLPattern | URLResolver] = [
    *market.urlpatterns,
    *orders.urlpatterns,
    *community.urlpatterns,
    *chat.urlpatterns,
    *sharing.urlpatterns,
    *campaigns.urlpatterns,
    *trade.urlpatterns,
    *groups.urlpatterns,
    *standing.urlpatterns,
    *moderation.urlpatterns,
    *legal.urlpatterns,
    *chance.urlpatterns,
    *earnings.urlpatterns,
    *people.urlpatterns,
]
