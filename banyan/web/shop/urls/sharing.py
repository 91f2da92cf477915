"""URLs of sharing."""

from django.urls import path

from .. import demo, race
from ..sharing import share, travel

urlpatterns = [
    path("demo/as/<slug:handle>", demo.demo_as, name="demo_as"),
    path("demo/race", race.race, name="demo_race"),
    path("demo/race/start", race.race_start, name="demo_race_start"),
    path("share/<slug:kind>/<int:target_id>", share.share, name="share"),
    path("s/<str:code>", share.open_link, name="open_link"),
    path("t/<int:touch_id>", share.seen, name="touch_seen"),
    path("me/links", share.links_mine, name="links_mine"),
    *travel.routes("me/links/<str:code>", "link", share.link_room),
]
