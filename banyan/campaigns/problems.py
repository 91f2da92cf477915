"""Why somebody cannot take part: every refusal has a code and says what to do next."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from banyan.kernel.problems import Conflict

REASONS: dict[str, Any] = {
    "not_yet": _("This has not begun yet."),
    "over": _("This is over."),
    "paused": _("This is paused for a while. What you were promised stays."),
    "drained": _("All of it is gone."),
    "gone": _("This is no longer on sale."),
    "sold_out": _("It is sold out just now, and each of these needs one. Try again later."),
    "held": _("What is left is kept for friends who are signing in. Try again in ten minutes."),
    "own": _("This is your own: send it to your friends."),
    "household": _("This came from your own household: their code is not for you."),
    "cycle": _("You brought them here yourself: their code is not for you."),
    "twice": _("You have done this already, perhaps under another name."),
    "quota": _("You have helped as often as one can today. Try again tomorrow."),
    "day": _("You have done this as often as one can in a day. Come back tomorrow."),
    "order": _("This comes with an order in the shop: one that is large enough, new, and kept."),
    "once": _("This order has brought you one already."),
    "turns": _("You have begun this as often as one can."),
    "chances": _("You have used every chance you have."),
    "given_back": _("An order that gave you a chance was given back: the prize goes to the next."),
    "tier": _("For this you need an account with a proven e-mail address or phone number."),
    "tier_buyer": _("This is for those who have paid an order here."),
    "tier_payer": _("This is for those who have paid with their own money, not with credit."),
    "age_unknown": _("Say your birthday in your profile first. Nobody else sees it there."),
    "too_young": _("This is for people who are older."),
    "followers_only": _("This is for those who follow the shop's owner. Follow first."),
    "group_only": _("This is for the members of a group. Join it first."),
    "declared_only": _(
        "This is for people of one hometown, dialect or school. Yours is what your profile says."
    ),
    "newcomers_only": _("This is for those who have not bought anything here yet."),
    "members_only": _("This is for the members of a group."),
    "budget": _("The budget of this campaign is used up."),
    "not_offered": _("This cannot be done here."),
    "not_yours": _("Only who began this can do that."),
    "wallet_off": _("Credit cannot be sent here: the wallet is switched off."),
    "suspended": _("Your account is suspended. What is left stays for others."),
    "word": _("This is not the code word."),
    "sent_day": _("That is more than one can send in a day. Send less, or try again tomorrow."),
    "received_day": _("You have taken as much as one can in a day. Come back tomorrow."),
    "shown": _("Your picture is being looked at, or was accepted."),
    "pictures": _("You have shown as many pictures as one can."),
    "own_picture": _("This is your own picture: others have to look at it."),
    "second": _("A second person has to look at it, too."),
    "staff": _("Those who work in the shop cannot take part."),
}


class Refused(Conflict):
    """The engine or a mechanic says no; ``code`` is ``play_`` and one of REASONS."""

    def __init__(self, reason: str, *, detail: str = "", extra: dict[str, Any] | None = None):
        super().__init__(REASONS[reason], code=f"play_{reason}", detail=detail, extra=extra)
        self.reason = reason
