"""Families of kinds: what a member can switch, and which channels a family has at first.

A kind belongs to one family (``kinds.register(..., family="people")``); the switches are per
family and channel, because forty switches are as good as none.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PAGE, PUSH, EMAIL = "page", "push", "email"
CHANNELS = (PAGE, PUSH, EMAIL)
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Family:
    """``ttl``: seconds after which a push is no use any more.

    ``exempt``: of one's own orders and money, not counted by the daily cap. ``kept``: its page
    switch stays on. ``asked``: somebody asked for it for that moment, so quiet hours do not hold
    it. ``strangers``: the rule about people whom one does not follow applies.
    """

    name: str
    title: str | Promise
    note: str | Promise = ""
    push: bool = True
    email: bool = True
    ttl: int = 24 * HOUR
    exempt: bool = False
    kept: bool = False
    asked: bool = False
    strangers: bool = False

    @property
    def at_first(self) -> tuple[bool, bool, bool]:
        """Return the switches (page, push, e-mail) of somebody who has not touched them."""
        return True, self.push, self.email


OTHER = "other"
_ALL = (
    Family(
        "orders",
        _("My orders and money"),
        _("Always on the page, and not counted by the daily limit."),
        exempt=True,
        kept=True,
        ttl=72 * HOUR,
    ),
    Family(
        "reminders",
        _("What I asked to be reminded of"),
        _("Comes at its time, in quiet hours too."),
        asked=True,
        ttl=2 * HOUR,
    ),
    Family("ending", _("Coupons and vouchers that end soon")),
    Family("messages", _("Messages"), ttl=24 * HOUR, strangers=True),
    Family("people", _("Followers and friends"), strangers=True),
    Family("posts", _("Likes, comments and mentions"), push=False, strangers=True),
    Family("groups", _("Groups"), push=False),
    Family("campaigns", _("Packs, groups to buy in, draws and the like")),
    Family("shop", _("My shops and my work"), ttl=72 * HOUR),
    Family("account", _("Decisions about me and my posts"), kept=True, ttl=72 * HOUR),
    Family(OTHER, _("Everything else"), push=False, strangers=True),
)
FAMILIES: dict[str, Family] = {family.name: family for family in _ALL}
