"""Mainland China."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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


def _prize_cap(facts: Facts) -> str | None:
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


def _baseline(facts: Facts) -> str | None:
    return disclosure.bad_baseline(facts, limit("cn_baseline_days"))


def _children(facts: Facts) -> str | None:
    return disclosure.asks_children(facts, limit("cn_child_age"))


def _minors_pay(facts: Facts) -> str | None:
    if not facts.pay_to_enter or (facts.min_age or 0) >= 18:
        return None
    return _("Minors' purchases can be undone by their parents. Consider 18 years.")


def _record(facts: Facts) -> str | None:
    if not facts.prizes or not facts.rewards:
        return None
    return _("The record of this campaign is kept for %(days)d days.") % {
        "days": limit("cn_record_days")
    }


PACK = Pack(
    "CN",
    "2026.1",
    (
        Rule(
            "cn.prize_cap",
            "block",
            Source(PROMOTIONS, "Art. 17", IN_FORCE),
            _prize_cap,
            gettext_lazy("The highest prize by chance is worth at most 50,000 yuan."),
        ),
        house.TOLD.by(Source(PROMOTIONS, "Art. 13", IN_FORCE)),
        house.WORSENED.by(Source(PROMOTIONS, "Art. 13", IN_FORCE)),
        house.LEVELS.by(PYRAMIDS),
        Rule(
            "cn.baseline",
            "block",
            Source(PROMOTIONS, "Art. 21", IN_FORCE),
            _baseline,
            gettext_lazy("A reduction is measured from the lowest price in the seven days before."),
        ),
        Rule(
            "cn.children",
            "block",
            PRIVACY,
            _children,
            gettext_lazy("Personal data of children below 14 needs their parents' consent."),
        ),
        Rule(
            "cn.minors_pay",
            "warn",
            CIVIL_CODE,
            _minors_pay,
            gettext_lazy("Minors buy only what suits their age; else their parents have to agree."),
        ),
        Rule(
            "cn.record",
            "note",
            Source(PROMOTIONS, "Art. 19", IN_FORCE),
            _record,
            gettext_lazy("The papers of a promotion with prizes are kept for two years."),
        ),
    ),
)
