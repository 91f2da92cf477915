"""What people are told about campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from banyan.kernel.money import Money, format_money
from banyan.notify import kinds
from banyan.notify.kinds import Happening

from .mechanic import mechanic
from .models import Campaign


def titled(campaign: Campaign) -> dict[str, str]:
    """Return what a notice keeps of a title; the platform's own campaigns are called by kind."""
    if campaign.shop_id is None:
        return {"mechanic": campaign.mechanic}
    return {"title": campaign.title}


def title_in(data: Mapping[str, Any]) -> str:
    """Return the title that a notice keeps, in the reader's language."""
    return str(mechanic(data["mechanic"]).title if "mechanic" in data else data["title"])


def _claimed(happening: Happening) -> str:
    return _("Somebody opened your pack: %(title)s.") % {"title": title_in(happening.data)}


def _brought(happening: Happening) -> str:
    return _("Your order brings something for you and your friends: %(title)s.") % {
        "title": title_in(happening.data)
    }


def _drained(happening: Happening) -> str:
    return _("All of it found its people: %(title)s.") % {"title": title_in(happening.data)}


def _returned(happening: Happening) -> str:
    amount = Money(happening.data["amount"], happening.data["currency"])
    return _("Your packet is over. %(amount)s that nobody took is back in your wallet.") % {
        "amount": format_money(amount)
    }


def _joined(happening: Happening) -> str:
    return _("Somebody joined your group: %(title)s.") % {"title": title_in(happening.data)}


def _one_to_go(happening: Happening) -> str:
    return _("One more friend, and it is done: %(title)s.") % {"title": title_in(happening.data)}


def _reached(happening: Happening) -> str:
    return _("It is reached: %(title)s. Take it before it runs out.") % {
        "title": title_in(happening.data)
    }


def _thanked(happening: Happening) -> str:
    return _("It is reached, and your friends did it: %(title)s.") % {
        "title": title_in(happening.data)
    }


def _chance(happening: Happening) -> str:
    return _("A friend gave you one more chance: %(title)s.") % {"title": title_in(happening.data)}


def _won(happening: Happening) -> str:
    return _("You have won: %(title)s. The prize is yours.") % {"title": title_in(happening.data)}


def _lost(happening: Happening) -> str:
    return _("%(title)s was drawn; others had the luck this time. Everybody can check it.") % {
        "title": title_in(happening.data)
    }


kinds.register("campaign.chance", _chance, icon="gift", family="campaigns")
kinds.register("campaign.won", _won, icon="gift", family="campaigns")
kinds.register("campaign.lost", _lost, icon="gift", family="campaigns")


def _friend(happening: Happening) -> str:
    return _("A friend qualified with your code: %(title)s.") % {"title": title_in(happening.data)}


kinds.register("campaign.friend", _friend, icon="heart", family="campaigns")


def _taken_back(happening: Happening) -> str:
    return _(
        "The order of a friend went back, and so your coupon in thanks was taken back: %(title)s."
    ) % {"title": title_in(happening.data)}


def _owed(happening: Happening) -> str:
    return _(
        "The order of a friend went back. You have used the coupon for it: the next friend settles "
        "that, without a coupon for you. %(title)s"
    ) % {"title": title_in(happening.data)}


def _settled(happening: Happening) -> str:
    return _(
        "A friend qualified with your code and settles the coupon that you owed: %(title)s."
    ) % {"title": title_in(happening.data)}


kinds.register("campaign.taken_back", _taken_back, icon="heart", family="campaigns")
kinds.register("campaign.owed", _owed, icon="heart", family="campaigns")
kinds.register("campaign.settled", _settled, icon="heart", family="campaigns")
kinds.register("campaign.one_to_go", _one_to_go, icon="people", family="campaigns")
kinds.register("campaign.reached", _reached, icon="check", family="campaigns")
kinds.register("campaign.thanked", _thanked, icon="heart", family="campaigns")
kinds.register("campaign.group_joined", _joined, icon="people", family="campaigns")
kinds.register("campaign.brought", _brought, icon="gift", family="campaigns")
kinds.register("campaign.claimed", _claimed, icon="gift", family="campaigns")
kinds.register("campaign.returned", _returned, icon="gift", family="campaigns")
kinds.register("campaign.drained", _drained, icon="gift", family="campaigns")
