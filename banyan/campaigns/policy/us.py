"""The United States: federal rules, and two states that ask for registration."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.money import Money, format_money

from . import disclosure, house
from .facts import Facts
from .limits import limit
from .rules import Pack, Rule, Source

LOTTERY = Source("18 U.S.C.", "§§ 1301-1307 (prize, chance and consideration)", "1948-06-25")
TOLD = Source("39 U.S.C.", "§ 3001(k)", "2000-04-10")
REGISTER = Source("N.Y. Gen. Bus. Law; Fla. Stat.", "§ 369-e; § 849.094", "")
PRICES = Source("16 CFR Part 233", "§ 233.1", "")
CHILDREN = Source("16 CFR Part 312 (COPPA)", "§ 312.5", "2000-04-21")
ENDORSE = Source("16 CFR Part 255", "§ 255.5", "")
PYRAMIDS = Source("15 U.S.C. (FTC Act)", "§ 45", "")


def _free_entry(facts: Facts) -> str | None:
    if not (facts.prizes and facts.chance and facts.pay_to_enter) or facts.free_entry:
        return None
    return _("Offer a way to take part without a purchase, with the same chance, and describe it.")


def _registration(facts: Facts) -> str | None:
    most = limit("us_registration_cents")
    if not facts.chance or facts.promised <= most:
        return None
    return _("Prizes of more than %(most)s have to be registered in some states, days before.") % {
        "most": format_money(Money(most, "USD"))
    }


def _baseline(facts: Facts) -> str | None:
    if facts.price is None or facts.was is None or facts.was_days > 0:
        return None
    return _("Compare with a price that was really asked for some time.")


def _children(facts: Facts) -> str | None:
    return disclosure.asks_children(facts, limit("us_child_age"))


def _endorsement(facts: Facts) -> str | None:
    if not (facts.rewards and facts.by_sharing):
        return None
    return _("Shared cards have to say that the sharer gets something for it.")


PACK = Pack(
    "US",
    "2026.1",
    (
        Rule(
            "us.free_entry",
            "block",
            LOTTERY,
            _free_entry,
            gettext_lazy(
                "Prize, chance and payment together are a lottery: no purchase may be necessary."
            ),
        ),
        house.TOLD.by(TOLD),
        house.LEVELS.by(PYRAMIDS),
        Rule(
            "us.children",
            "block",
            CHILDREN,
            _children,
            gettext_lazy("Personal data of children below 13 needs their parents' consent."),
        ),
        Rule(
            "us.baseline",
            "warn",
            PRICES,
            _baseline,
            gettext_lazy("A former price was really asked, openly, for a fair time."),
        ),
        Rule(
            "us.registration",
            "warn",
            REGISTER,
            _registration,
            gettext_lazy(
                "Draws with prizes of over 5,000 dollars are registered in New York and Florida."
            ),
        ),
        Rule(
            "us.endorsement",
            "note",
            ENDORSE,
            _endorsement,
            gettext_lazy("Who shares for a reward says so."),
        ),
    ),
)
