"""What the page of a code for friends says: what both gain, and how it goes for its owner."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..blocks import Block, Ladder, Note, Progress
from ..mechanic import Shown
from ..models import Participation
from ..rewards import names_of
from .goods import names_of_goods
from .terms import HELD, ReferralTerms

WAITS = "month"
"""Why thanks wait for a later month."""
SUSPENDED = "suspended"
"""Why thanks wait for a decision: the account of either is suspended."""
OTHER_GOODS = "goods"
"""Why an order brought no thanks: it held nothing of the categories."""


def told_owner(shown: Shown[ReferralTerms]) -> list[Block]:
    """Return what the owner of a code reads: the code, what it brings, how many friends count."""
    code, terms = shown.instance, shown.terms
    words = ngettext(
        "%(n)s friend of %(all)s qualified", "%(n)s friends of %(all)s qualified", code.done
    )
    return [
        Note(_("Your code: %(code)s") % {"code": code.code}, "gold"),
        *gains(terms, shown.campaign.currency),
        *only_for(terms),
        Progress(code.done, terms.most, words % {"n": code.done, "all": terms.most}),
        *_not_counted(shown),
        *_taken_back(shown),
    ]


def _not_counted(shown: Shown[ReferralTerms]) -> list[Block]:
    """Say for how many friends there are no thanks, or none yet, and why: never who they are."""
    people = [(one, one.data.get("reason")) for one in shown.people]
    others = sum(_has_other_goods(one) for one, _reason in people)
    cap = sum(reason == "cap" for _one, reason in people)
    late = sum(reason == "late" for _one, reason in people)
    near = sum(reason in {"own", "household"} for _one, reason in people)
    waits = sum(one.state == "in" and reason == WAITS for one, reason in people)
    held = sum(one.state == "in" and _is_held(one) for one, _reason in people)
    apart = sum(one.state == "in" and reason == SUSPENDED for one, reason in people)
    found = [
        (
            cap,
            ngettext(
                "For %(n)s more friend there were no thanks left.",
                "For %(n)s more friends there were no thanks left.",
                cap,
            ),
        ),
        (
            late,
            ngettext(
                "%(n)s friend ordered too late to count.",
                "%(n)s friends ordered too late to count.",
                late,
            ),
        ),
        (
            others,
            ngettext(
                "%(n)s friend has ordered other goods only: a later order may still count.",
                "%(n)s friends have ordered other goods only: a later order may still count.",
                others,
            ),
        ),
        (
            near,
            ngettext(
                "%(n)s friend does not count: the same person, or household.",
                "%(n)s friends do not count: the same person, or household.",
                near,
            ),
        ),
        (
            waits,
            ngettext(
                "%(n)s friend has qualified; thanks for them wait for a later month.",
                "%(n)s friends have qualified; thanks for them wait for a later month.",
                waits,
            ),
        ),
        (
            held,
            ngettext(
                "%(n)s friend has your address: somebody looks at it first.",
                "%(n)s friends have your address: somebody looks at it first.",
                held,
            ),
        ),
        (
            apart,
            ngettext(
                "%(n)s friend has qualified; thanks for them wait for a decision on an account.",
                "%(n)s friends have qualified; thanks for them wait for decisions on accounts.",
                apart,
            ),
        ),
    ]
    return [Note(text % {"n": n}) for n, text in found if n]


def only_for(terms: ReferralTerms) -> list[Block]:
    """Say for which goods a code is, where it is not for all."""
    names = names_of_goods(terms)
    return [Note(_("Only for goods of: %(names)s") % {"names": names})] if names else []


def _has_other_goods(one: Participation) -> bool:
    return one.state == "in" and one.order_id is None and one.data.get("reason") == OTHER_GOODS


def _is_held(one: Participation) -> bool:
    return one.data.get("reason") == HELD and "cleared" not in one.data


def _taken_back(shown: Shown[ReferralTerms]) -> list[Block]:
    """Say which friends count no more, and what is owed for them."""
    gone = [one for one in shown.people if one.state == "reversed"]
    blocks: list[Block] = []
    if gone:
        text = ngettext(
            "The order of %(n)s friend went back later, and the thanks for it with it.",
            "The orders of %(n)s friends went back later, and the thanks for them with them.",
            len(gone),
        )
        blocks.append(Note(text % {"n": len(gone)}))
    if owed := sum(bool(one.data.get("owed")) for one in gone):
        text = ngettext(
            "You have used %(n)s coupon of these: the next friend settles it.",
            "You have used %(n)s coupons of these: the next friends settle them.",
            owed,
        )
        blocks.append(Note(text % {"n": owed}))
    return blocks


def gains(terms: ReferralTerms, currency: str) -> list[Block]:
    """Say what both of them have; honour alone brings nothing to be named."""
    if terms.honour:
        return []
    names = names_of(terms, currency)
    rungs = [(_("For the new friend"), names[terms.coupon], False)]
    if terms.thanks:
        rungs.append((_("For who brought them, later"), names[terms.thanks], False))
    return [Ladder(rungs)]
