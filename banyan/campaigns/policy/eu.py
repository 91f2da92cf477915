"""The European Union: what its directives say; Member States may say more."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import disclosure, house
from .facts import Facts
from .limits import limit
from .rules import Pack, Rule, Source

_ELI = "http://data.europa.eu/eli"
UNFAIR, COMMERCE = f"{_ELI}/dir/2005/29/oj", f"{_ELI}/dir/2000/31/oj"
UNFAIR_SINCE = "2007-12-12"


def _unfair(point: str) -> Source:
    return Source(
        "Directive 2005/29/EC (unfair commercial practices)",
        f"Annex I, point {point}",
        UNFAIR_SINCE,
        UNFAIR,
    )


TOLD = Source(
    "Directive 2000/31/EC (electronic commerce)", "Art. 6(c) and (d)", "2002-01-17", COMMERCE
)
BASELINE = Source(
    "Directive 98/6/EC as amended by (EU) 2019/2161",
    "Art. 6a",
    "2022-05-28",
    f"{_ELI}/dir/2019/2161/oj",
)
PRIVACY = Source("Regulation (EU) 2016/679", "Art. 8", "2018-05-25", f"{_ELI}/reg/2016/679/oj")
MINIMUM = Source(
    "Regulation (EU) 2016/679", "Art. 5(1)(c)", "2018-05-25", f"{_ELI}/reg/2016/679/oj"
)


def _baseline(facts: Facts) -> str | None:
    return disclosure.bad_baseline(facts, limit("eu_baseline_days"))


def _free(facts: Facts) -> str | None:
    if not facts.pay_to_enter or not any(prize.is_free for prize in facts.prizes):
        return None
    return _("What needs a purchase cannot be called free.")


def _paid_prize(facts: Facts) -> str | None:
    if not facts.prizes or not facts.pay_to_enter or facts.free_entry:
        return None
    return _("A prize must not depend on paying: offer a free way to take part.")


def _awarded(facts: Facts) -> str | None:
    if not facts.chance or all(prize.quantity for prize in facts.prizes):
        return None
    return _("Say how many there are of each prize, and give them all.")


def _children(facts: Facts) -> str | None:
    return disclosure.asks_children(facts, limit("eu_child_age"))


def _data_asked(facts: Facts) -> str | None:
    if not facts.asks:
        return None
    return _("Say what each piece of personal data is needed for: %(asks)s") % {
        "asks": ", ".join(facts.asks)
    }


PACK = Pack(
    "EU",
    "2026.1",
    (
        house.TOLD.by(TOLD),
        house.LEVELS.by(_unfair("14")),
        Rule(
            "eu.baseline",
            "block",
            BASELINE,
            _baseline,
            gettext_lazy(
                "A reduction is measured from the lowest price in at least the 30 days before."
            ),
        ),
        Rule(
            "eu.free",
            "block",
            _unfair("20"),
            _free,
            gettext_lazy("Nothing is called free that costs anything but the unavoidable."),
        ),
        Rule(
            "eu.paid_prize",
            "block",
            _unfair("31"),
            _paid_prize,
            gettext_lazy(
                "Claiming a prize needs no payment, and nobody is told that they have won already."
            ),
        ),
        Rule(
            "eu.awarded",
            "warn",
            _unfair("19"),
            _awarded,
            gettext_lazy("Prizes that were described are given, or something as good."),
        ),
        Rule(
            "eu.children",
            "block",
            PRIVACY,
            _children,
            gettext_lazy(
                "Personal data of children below 16 (in some states less) needs a parent's consent."
            ),
        ),
        Rule(
            "eu.data_asked",
            "note",
            MINIMUM,
            _data_asked,
            gettext_lazy("Only the data that is needed is asked for."),
        ),
    ),
)
