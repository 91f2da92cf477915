"""URLs of campaigns."""

from django.urls import path

from ..campaigns import keeping, outside, packets, pages, trying

urlpatterns = [
    path("campaigns", pages.together, name="campaigns"),
    path("play/<str:code>", pages.play, name="play"),
    path("play/<str:code>/proof", pages.play_proof, name="play_proof"),
    path("play/<str:code>/keep", keeping.play_keep, name="play_keep"),
    path("play/<str:code>/outside", outside.play_outside, name="play_outside"),
    path("play/<str:code>/<str:verb>", pages.play_act, name="play_act"),
    path("campaign/<str:code>", pages.campaign, name="campaign"),
    path("campaign/<str:code>/proof", pages.campaign_proof, name="campaign_proof"),
    path("campaign/<str:code>/rules", pages.campaign_rules, name="campaign_rules"),
    path("campaign/<str:code>/begin", pages.begin, name="campaign_begin"),
    path("try/<str:token>", trying.try_out, name="try_out"),
    path("try/<str:token>/qr.png", trying.try_qr, name="try_qr"),
    path("try/<str:token>/<str:verb>", trying.try_act, name="try_act"),
    path("me/packets/new", packets.packet_new, name="packet_new"),
    path("me/plays", pages.plays_mine, name="plays_mine"),
]
