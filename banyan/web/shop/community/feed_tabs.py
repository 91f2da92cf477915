"""The tabs over the feeds."""

from __future__ import annotations

from django.utils.translation import gettext as _

from banyan.web.ui import addresses
from banyan.web.ui.shapes import Tab


def tabs(current: str) -> list[Tab]:
    """Return the tabs; ``current`` names the page that is shown."""
    return [
        Tab(text=_("Following"), url=addresses.url("home"), current=current == "home"),
        Tab(text=_("Moments"), url=addresses.url("moments"), current=current == "moments"),
        Tab(text=_("Discover"), url=addresses.url("explore"), current=current == "explore"),
        Tab(text=_("Topics"), url=addresses.url("topics"), current=current == "topics"),
        Tab(text=_("Nearby"), url=addresses.url("near"), current=current == "near"),
        Tab(text=_("With friends"), url=addresses.url("campaigns"), current=current == "together"),
        Tab(text=_("Second-hand"), url=addresses.url("listings")),
    ]
