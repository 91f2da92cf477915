"""URLs of interest groups."""

from django.urls import path

from ..groups import belonging, editing, offers, reading

urlpatterns = [
    path("groups", reading.groups, name="groups"),
    path("groups/new", editing.group_new, name="group_new"),
    path("g/offers/<int:offer_id>", offers.group_offer_open, name="group_offer_open"),
    path("g/offers/<int:offer_id>/end", offers.group_offer_end, name="group_offer_end"),
    path("g/join/<str:code>", belonging.group_invitation, name="group_invitation"),
    path("g/join/<str:code>/qr.png", belonging.group_invitation_qr, name="group_invitation_qr"),
    path("g/<slug:slug>", reading.group, name="group"),
    path("g/<slug:slug>/shop", offers.group_shop, name="group_shop"),
    path("g/<slug:slug>/shop/offer", offers.group_offer, name="group_offer"),
    path("g/<slug:slug>/shop/page", offers.group_page, name="group_page"),
    path("g/<slug:slug>/members", reading.group_members, name="group_members"),
    path("g/<slug:slug>/about", reading.group_rules, name="group_rules"),
    path("g/<slug:slug>/requests", belonging.group_requests, name="group_requests"),
    path("g/<slug:slug>/invite", belonging.group_invite, name="group_invite"),
    path("g/<slug:slug>/settings", editing.group_settings, name="group_settings"),
    path("g/<slug:slug>/join", belonging.group_join, name="group_join"),
    path("g/<slug:slug>/leave", belonging.group_leave, name="group_leave"),
    path("g/<slug:slug>/wants", belonging.group_wants, name="group_wants"),
    path("g/<slug:slug>/members/<int:account_id>", belonging.group_member, name="group_member"),
    path("g/<slug:slug>/posts/<int:post_id>", belonging.group_pick, name="group_pick"),
    path("g/<slug:slug>/look-<int:look>.css", reading.group_look, name="group_look"),
]
