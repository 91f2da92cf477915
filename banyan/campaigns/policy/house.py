"""Rules that hold in every market: what this platform does not do, whatever a law allows.

A market may have the same rule with a source of its own: it is named by the same code then.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.earnings.rules import MOST_LEVELS

from . import disclosure
from .facts import SCOPES, Facts, Prize
from .rules import HOUSE, Pack, Rule

BARRED = frozenset({"ethnicity", "race", "descent", "religion"})


def _levels(facts: Facts) -> str | None:
    if facts.paid_levels <= MOST_LEVELS:
        return None
    return _("At most two levels can be paid for one sale.")


def _ethnicity(facts: Facts) -> str | None:
    if not any(pride.scope in BARRED for pride in facts.prides):
        return None
    return _("People cannot be set against each other by ethnicity, descent or religion.")


def _scopes(facts: Facts) -> str | None:
    others = sorted({pride.scope for pride in facts.prides} - {*SCOPES} - BARRED)
    if not others:
        return None
    return _("This is no side that people can compete for: %(scopes)s") % {
        "scopes": ", ".join(others)
    }


def _declared(facts: Facts) -> str | None:
    own = {"hometown", "dialect", "school"}
    if all(pride.declared for pride in facts.prides if pride.scope in own):
        return None
    return _("A hometown, dialect or school counts only if members have said so themselves.")


def _told(facts: Facts) -> str | None:
    return disclosure.undisclosed(facts)


def _worsened(facts: Facts) -> str | None:
    worse = worse_than_before(facts)
    if not worse:
        return None
    return _("This is worse than what was published: %(what)s") % {"what": ", ".join(worse)}


def _budget(facts: Facts) -> str | None:
    if not facts.rewards or facts.promised <= facts.budget:
        return None
    return _("The prizes are worth more than the budget.")


def _age(facts: Facts) -> str | None:
    if not facts.prizes or not facts.rewards or facts.min_age is not None:
        return None
    return _("Say from what age on people can take part.")


def _sharing_needed(facts: Facts) -> str | None:
    if not facts.share_needed:
        return None
    return _("Let people take part without sharing, too: what is shared gladly travels further.")


def worse_than_before(facts: Facts) -> list[str]:
    """Return in words what became worse since it was published; empty when nothing did."""
    old = facts.before
    if old is None:
        return []
    now = {prize.name: prize for prize in facts.prizes}
    found = [
        _("the prize %(name)s") % {"name": prize.name}
        for prize in old.prizes
        if not _is_kept(prize, now.get(prize.name))
    ]
    for is_worse, what in (
        (facts.ends_at < old.ends_at, _("it ends earlier")),
        (facts.starts_at > old.starts_at, _("it begins later")),
        (facts.claim_days < old.claim_days, _("there is less time to claim")),
        (facts.claim_terms != old.claim_terms, _("how prizes are claimed")),
        (facts.method != old.method, _("how it is decided")),
        ((facts.min_age or 0) > (old.min_age or 0), _("who can take part")),
        (not {*facts.asks} <= {*old.asks}, _("more personal data is asked for")),
        (facts.pay_to_enter and not old.pay_to_enter, _("taking part costs something")),
        (bool(old.free_entry and not facts.free_entry), _("the free way in is gone")),
        (facts.share_needed and not old.share_needed, _("sharing is needed")),
        ((facts.price or 0) > (old.price or 0) > 0, _("the price")),
    ):
        if is_worse:
            found.append(str(what))
    return found


def _is_kept(old: Prize, new: Prize | None) -> bool:
    """Tell whether a prize is at least as good as it was."""
    if new is None or new.kind != old.kind or new.value < old.value:
        return False
    if old.odds and (new.odds is None or new.odds[0] * old.odds[1] < old.odds[0] * new.odds[1]):
        return False
    return old.quantity is None or (new.quantity or 0) >= old.quantity


LEVELS = Rule(
    "levels",
    "block",
    HOUSE,
    _levels,
    gettext_lazy("At most two levels are paid; this cannot be set otherwise anywhere."),
)
TOLD = Rule(
    "told",
    "block",
    HOUSE,
    _told,
    gettext_lazy(
        "Prizes, their number or odds, deciding, claiming and organiser are public at the start."
    ),
)
WORSENED = Rule(
    "worsened",
    "block",
    HOUSE,
    _worsened,
    gettext_lazy(
        "What was published does not become worse for those who take part; better it may become."
    ),
)
PACK = Pack(
    "house",
    "2026.1",
    (
        LEVELS,
        Rule(
            "ethnicity",
            "block",
            HOUSE,
            _ethnicity,
            gettext_lazy(
                "Ethnicity, race, descent and religion are never a side that people compete for."
            ),
        ),
        Rule(
            "scopes",
            "block",
            HOUSE,
            _scopes,
            gettext_lazy(
                "Sides are hometown, dialect, school, a group or one's relations, and nothing else."
            ),
        ),
        Rule(
            "declared",
            "block",
            HOUSE,
            _declared,
            gettext_lazy(
                "Where somebody comes from, what they speak and where they learnt, only they say."
            ),
        ),
        TOLD,
        WORSENED,
        Rule(
            "budget",
            "block",
            HOUSE,
            _budget,
            gettext_lazy("The budget covers all prizes that are promised."),
        ),
        Rule(
            "age",
            "warn",
            HOUSE,
            _age,
            gettext_lazy("It is said from what age on people can take part in winning."),
        ),
        Rule(
            "sharing_needed",
            "warn",
            HOUSE,
            _sharing_needed,
            gettext_lazy("Nobody should have to share in order to take part."),
        ),
    ),
)
