"""What people are told about campaigns."""

from __future__ import annotations

from django.utils.translation import gettext as _

from banyan.kernel.money import Money, format_money
from banyan.notify import kinds
from banyan.notify.kinds import Happening


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


def _won(happening: Happening) -> str:
    return _("You have won: %(title)s. The prize is yours.") % {"title": happening.data["title"]}


def _lost(happening: Happening) -> str:
    return _("%(title)s was drawn; others had the luck this time. Everybody can check it.") % {
        "title": happening.data["title"]
    }


kinds.register("campaign.chance", _chance, icon="gift", family="campaigns")
kinds.register("campaign.won", _won, icon="gift", family="campaigns")
kinds.register("campaign.lost", _lost, icon="gift", family="campaigns")


def _friend(happening: Happening) -> str:
    return _("A friend qualified with your code: %(title)s.") % {"title": happening.data["title"]}


kinds.register("campaign.friend", _friend, icon="heart", family="campaigns")
kinds.register("campaign.one_to_go", _one_to_go, icon="people", family="campaigns")
kinds.register("campaign.reached", _reached, icon="check", family="campaigns")
kinds.register("campaign.thanked", _thanked, icon="heart", family="campaigns")
kinds.register("campaign.reseated", _reseated, icon="people", family="campaigns")
kinds.register("campaign.too_late", _too_late, icon="people", family="campaigns")
kinds.register("campaign.group_opened", _group_opened, icon="people", family="campaigns")
kinds.register("campaign.group_full", _group_full, icon="check", family="campaigns")
kinds.register("campaign.group_failed", _group_failed, icon="people", family="campaigns")
kinds.register("campaign.group_joined", _joined, icon="people", family="campaigns")
kinds.register("campaign.claimed", _claimed, icon="gift", family="campaigns")
kinds.register("campaign.returned", _returned, icon="gift", family="campaigns")
kinds.register("campaign.drained", _drained, icon="gift", family="campaigns")
