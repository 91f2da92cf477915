"""Mainland China."""

from __future__ import annotations

from django.utils.translation import gettext as _

from banyan.kernel.money import Money, format_money

from . import disclosure, house
from .facts import Facts
from .limits import limit
from .rules import Pack, Rule, Source

PROMOTIONS = "规范促销行为暂行规定"
IN_FORCE = "2020-12-01"
PYRAMIDS = Source("禁止传销条例", "Art. 7", "2005-11-01")
PRIVACY = Source("个人信息保护法", "Art. 31", "2021-11-01")
CIVIL_CODE = Source("民法典", "Art. 19", "2021-01-01")


def prize_cap(facts: Facts) -> str | None:
    """The highest prize by chance is worth at most 50,000 yuan."""
    if not facts.chance or not facts.rewards:
        return None
    most = limit("cn_prize_fen")
    if facts.currency != "CNY" and facts.prizes:
        return _("Give the value of prizes in yuan.")
    if all(prize.value <= most for prize in facts.prizes):
        return None
    return _("A prize by chance is worth at most %(most)s.") % {
        "most": format_money(Money(most, "CNY"))
    }


def baseline(facts: Facts) -> str | None:
    """A reduction is measured from the lowest price in the seven days before."""
    return disclosure.bad_baseline(facts, limit("cn_baseline_days"))


def children(facts: Facts) -> str | None:
    """Personal data of children below 14 needs their parents' consent."""
    return disclosure.asks_children(facts, limit("cn_child_age"))


def minors_pay(facts: Facts) -> str | None:
    """Minors buy only what suits their age; else their parents have to agree."""
    if not facts.pay_to_enter or (facts.min_age or 0) >= 18:
        return None
    return _("Minors' purchases can be undone by their parents. Consider 18 years.")


def record(facts: Facts) -> str | None:
    """The papers of a promotion with prizes are kept for two years."""
    if not facts.prizes or not facts.rewards:
        return None
    return _("The record of this campaign is kept for %(days)d days.") % {
        "days": limit("cn_record_days")
    }


PACK = Pack(
    "CN",
    "2026.1",
    (
        Rule("cn.prize_cap", "block", Source(PROMOTIONS, "Art. 17", IN_FORCE), prize_cap),
        Rule("told", "block", Source(PROMOTIONS, "Art. 13", IN_FORCE), house.told),
        Rule("worsened", "block", Source(PROMOTIONS, "Art. 13", IN_FORCE), house.worsened),
        Rule("levels", "block", PYRAMIDS, house.levels),
        Rule("cn.baseline", "block", Source(PROMOTIONS, "Art. 21", IN_FORCE), baseline),
        Rule("cn.children", "block", PRIVACY, children),
        Rule("cn.minors_pay", "warn", CIVIL_CODE, minors_pay),
        Rule("cn.record", "note", Source(PROMOTIONS, "Art. 19", IN_FORCE), record),
    ),
)
