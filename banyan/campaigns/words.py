"""What people are told about campaigns."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from banyan.kernel import clock
from banyan.kernel.money import Money, format_money
from banyan.notify import kinds
from banyan.notify.kinds import Happening, Tell

from .mechanic import mechanic
from .models import Campaign


def titled(campaign: Campaign) -> dict[str, str]:
    """Return what a notice keeps of a title; the platform's own campaigns are called by kind."""
    if campaign.shop_id is None:
        return {"mechanic": campaign.mechanic}
    return {"title": campaign.title}


def _register(name: str, tell: Tell, *, icon: str) -> None:
    """Make a kind of notice known, which finds its title in the reader's language."""

    def told(happening: Happening) -> str:
        kept = happening.data
        title = str(mechanic(kept["mechanic"]).title) if "mechanic" in kept else kept["title"]
        return tell(replace(happening, data={**kept, "title": title}))

    kinds.register(name, told, icon=icon, family="campaigns")


APPS: dict[str, Any] = {
    "wechat": gettext_lazy("WeChat"),
    "weibo": gettext_lazy("Weibo"),
    "qq": "QQ",
    "douyin": gettext_lazy("Douyin"),
    "xhs": gettext_lazy("Xiaohongshu"),
}
"""What apps are called that have rules of their own."""


def _blocked(happening: Happening) -> str:
    channel = happening.data["channel"]
    return _(
        "Nobody comes from %(app)s any more: it may block this site. Ask it to look again."
    ) % {"app": APPS.get(channel, channel)}


def _claimed(happening: Happening) -> str:
    return _("Somebody opened your pack: %(title)s.") % {"title": happening.data["title"]}


def _drained(happening: Happening) -> str:
    return _("All of it found its people: %(title)s.") % {"title": happening.data["title"]}


def _returned(happening: Happening) -> str:
    amount = Money(happening.data["amount"], happening.data["currency"])
    return _("Your packet is over. %(amount)s that nobody took is back in your wallet.") % {
        "amount": format_money(amount)
    }


def _joined(happening: Happening) -> str:
    return _("Somebody joined your group: %(title)s.") % {"title": happening.data["title"]}


def _reseated(happening: Happening) -> str:
    return _("Your place had been given away when your payment came: you have another, as chosen.")


def _too_late(happening: Happening) -> str:
    amount = format_money(Money(happening.data["amount"], happening.data["currency"]))
    told = _("%(title)s: your payment came too late. All of it, %(amount)s, is on its way back.")
    return told % {"title": happening.data["title"], "amount": amount}


def _group_opened(happening: Happening) -> str:
    return _("Your group is open: %(title)s. Now bring others.") % {
        "title": happening.data["title"]
    }


def _group_full(happening: Happening) -> str:
    return _("Your group is complete: %(title)s. The shop sends what you ordered.") % {
        "title": happening.data["title"]
    }


def _group_failed(happening: Happening) -> str:
    if not happening.data["amount"]:  # a coupon had paid it whole
        told = _("Too few came: %(title)s. You had paid nothing for it.")
        return told % {"title": happening.data["title"]}
    amount = format_money(Money(happening.data["amount"], happening.data["currency"]))
    told = _(
        "Too few came: %(title)s. %(amount)s is on its way back, and is there on %(day)s at "
        "the latest."
    )
    return told % {
        "title": happening.data["title"],
        "amount": amount,
        "day": happening.data["day"],
    }


def _one_to_go(happening: Happening) -> str:
    return _("One more friend, and it is done: %(title)s.") % {"title": happening.data["title"]}


def _progress(happening: Happening) -> str:
    n = happening.data["n"]
    words = ngettext(
        "%(n)s more friend, and it is reached: %(title)s.",
        "%(n)s more friends, and it is reached: %(title)s.",
        n,
    )
    return words % {"n": n, "title": happening.data["title"]}


def _ending(happening: Happening) -> str:
    n = happening.data["n"]
    words = ngettext(
        "%(title)s ends in a day: %(n)s more friend is needed.",
        "%(title)s ends in a day: %(n)s more friends are needed.",
        n,
    )
    return words % {"n": n, "title": happening.data["title"]}


def _scarce(happening: Happening) -> str:
    n = happening.data["n"]
    words = ngettext(
        "%(title)s: only %(n)s piece is left in the shop.",
        "%(title)s: only %(n)s pieces are left in the shop.",
        n,
    )
    return words % {"n": n, "title": happening.data["title"]}


def _luckiest(happening: Happening) -> str:
    amount = format_money(Money(happening.data["amount"], happening.data["currency"]))
    return _("You had the best luck of all: %(amount)s. %(title)s") % {
        "amount": amount,
        "title": happening.data["title"],
    }


def _reached(happening: Happening) -> str:
    return _("It is reached: %(title)s. Take it before it runs out.") % {
        "title": happening.data["title"]
    }


def _thanked(happening: Happening) -> str:
    return _("It is reached, and your friends did it: %(title)s.") % {
        "title": happening.data["title"]
    }


def _chance(happening: Happening) -> str:
    return _("A friend gave you one more chance: %(title)s.") % {"title": happening.data["title"]}


def _bought_chance(happening: Happening) -> str:
    return _("Your order gave you more chances: %(title)s.") % {"title": happening.data["title"]}


def _frozen(happening: Happening) -> str:
    return _("The list is closed and is being drawn: %(title)s.") % {
        "title": happening.data["title"]
    }


def _void(happening: Happening) -> str:
    words = {
        "not_new": _("Your entry does not count, as it was for newcomers: %(title)s."),
        "same_person": _("Only your first entry counts, under another account: %(title)s."),
        "staff": _("Your entry does not count, as you work in the shop: %(title)s."),
    }
    usual = _("Your entry does not count: %(title)s.")
    return words.get(happening.data["reason"], usual) % {"title": happening.data["title"]}


def _won(happening: Happening) -> str:
    return _("You have won: %(title)s. Take the prize until %(until)s.") % _until(happening)


def _claim_ending(happening: Happening) -> str:
    return _("Your prize still waits for you, until %(until)s: %(title)s.") % _until(happening)


def _until(happening: Happening) -> dict[str, str]:
    until = dt.datetime.fromisoformat(happening.data["until"])
    return {"title": happening.data["title"], "until": clock.told(until)}


def _next(happening: Happening) -> str:
    return _("%(title)s was drawn. You are next if somebody does not take their prize.") % {
        "title": happening.data["title"]
    }


def _forfeited(happening: Happening) -> str:
    return _("Your prize went to the next: %(title)s.") % {"title": happening.data["title"]}


def _titled(happening: Happening) -> str:
    return _("%(title)s was drawn, and you are the winner: the title is yours.") % {
        "title": happening.data["title"]
    }


def _lost(happening: Happening) -> str:
    return _("%(title)s was drawn; others had the luck this time. Everybody can check it.") % {
        "title": happening.data["title"]
    }


_register("campaign.chance", _chance, icon="gift")
_register("campaign.bought_chance", _bought_chance, icon="gift")
_register("campaign.frozen", _frozen, icon="gift")
_register("campaign.void", _void, icon="gift")
_register("campaign.won", _won, icon="gift")
_register("campaign.titled", _titled, icon="gift")
_register("campaign.claim_ending", _claim_ending, icon="gift")
_register("campaign.next", _next, icon="gift")
_register("campaign.forfeited", _forfeited, icon="gift")
_register("campaign.lost", _lost, icon="gift")


def _friend(happening: Happening) -> str:
    return _("A friend qualified with your code: %(title)s.") % {"title": happening.data["title"]}


_register("campaign.friend", _friend, icon="heart")
_register("campaign.one_to_go", _one_to_go, icon="people")
_register("campaign.progress", _progress, icon="people")
_register("campaign.ending", _ending, icon="clock")
_register("campaign.scarce", _scarce, icon="box")
_register("campaign.luckiest", _luckiest, icon="gift")
_register("campaign.reached", _reached, icon="check")
_register("campaign.thanked", _thanked, icon="heart")
_register("campaign.reseated", _reseated, icon="people")
_register("campaign.too_late", _too_late, icon="people")
_register("campaign.group_opened", _group_opened, icon="people")
_register("campaign.group_full", _group_full, icon="check")
_register("campaign.group_failed", _group_failed, icon="people")
_register("campaign.group_joined", _joined, icon="people")
_register("campaign.claimed", _claimed, icon="gift")
_register("campaign.returned", _returned, icon="gift")
_register("campaign.drained", _drained, icon="gift")


def _brought(happening: Happening) -> str:
    return _("Your order brings something for you and your friends: %(title)s.") % {
        "title": happening.data["title"]
    }


def _taken_back(happening: Happening) -> str:
    return _(
        "The order of a friend went back, and so your coupon in thanks was taken back: %(title)s."
    ) % {"title": happening.data["title"]}


def _owed(happening: Happening) -> str:
    return _(
        "The order of a friend went back. You have used the coupon for it: the next friend settles "
        "that, without a coupon for you. %(title)s"
    ) % {"title": happening.data["title"]}


def _settled(happening: Happening) -> str:
    return _(
        "A friend qualified with your code and settles the coupon that you owed: %(title)s."
    ) % {"title": happening.data["title"]}


def _outside_shown(happening: Happening) -> str:
    words = ngettext(
        "Somebody shows a picture of likes elsewhere. Two people look at it: %(title)s.",
        "%(n)s pictures of likes elsewhere were shown. Two people look at each: %(title)s.",
        happening.n,
    )
    return words % {"n": happening.n, "title": happening.data["title"]}


def _outside_accepted(happening: Happening) -> str:
    return _("Your picture was accepted, and you have what it brings: %(title)s.") % {
        "title": happening.data["title"]
    }


def _outside_refused(happening: Happening) -> str:
    return _("Your picture was not accepted: %(reason)s You can show another one. %(title)s") % {
        "reason": happening.data["reason"],
        "title": happening.data["title"],
    }


def _perk_back(happening: Happening) -> str:
    amount = format_money(Money(happening.data["amount"], happening.data["currency"]))
    told = _(
        "%(title)s: an order of your group went back later, and with it the %(amount)s that you "
        "had for it. What you earn next settles that."
    )
    return told % {"title": happening.data["title"], "amount": amount}


kinds.register("campaign.outside_shown", _outside_shown, icon="camera", family="shop")
_register("campaign.outside_accepted", _outside_accepted, icon="check")
_register("campaign.outside_refused", _outside_refused, icon="camera")
_register("campaign.perk_back", _perk_back, icon="people")
_register("campaign.brought", _brought, icon="gift")
_register("campaign.taken_back", _taken_back, icon="heart")
_register("campaign.owed", _owed, icon="heart")
_register("campaign.settled", _settled, icon="heart")
kinds.register("campaign.blocked", _blocked, icon="shield", family="shop")
