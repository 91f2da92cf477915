"""The public rules of a campaign, in words, from the same facts that the rules were asked about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.kernel import clock
from banyan.kernel.money import Money, format_money

from . import house
from .facts import Facts, Prize
from .packs import packs_for


class Section(NamedTuple):
    """A heading, and what is said below it."""

    title: str
    paragraphs: list[str]


def rules_page(facts: Facts) -> list[Section]:
    """Return the sections of the rules page, in the active language, without what is not there."""
    written = (
        (_("Who runs this"), _organiser(facts)),
        (_("When"), _when(facts)),
        (_("Who can take part"), _people(facts)),
        (_("Sharing"), _sharing(facts)),
        (_("What there is"), _prizes(facts)),
        (_("How it is decided"), _deciding(facts)),
        (_("How to get it"), _claiming(facts)),
        (_("The price"), _price(facts)),
        (_("Your data"), _data(facts)),
        (_("If something changes"), _changes(facts)),
        (_("Rules that it keeps, and where they are written"), _kept(facts)),
    )
    return [Section(title, found) for title, lines in written if (found := list(lines))]


def _organiser(facts: Facts) -> Iterator[str]:
    if facts.organiser:
        yield facts.organiser
    if facts.contact:
        yield _("To be reached at: %(contact)s") % {"contact": facts.contact}


def _when(facts: Facts) -> Iterator[str]:
    yield _("From %(start)s until just before %(end)s. The clock of this site counts.") % {
        "start": _clock(facts.starts_at),
        "end": _clock(facts.ends_at),
    }


def _people(facts: Facts) -> Iterator[str]:
    yield from facts.who
    if facts.min_age:
        yield _("People of %(age)d years and older.") % {"age": facts.min_age}
    if facts.pay_to_enter and not facts.free_entry:
        yield _("Taking part needs a purchase.")
    if facts.free_entry:
        yield _("No purchase is necessary. Without one: %(way)s") % {"way": facts.free_entry}
        yield _("A purchase does not make winning likelier.")
    stands_for = {
        "hometown": _("You stand for your hometown, as you have declared it yourself."),
        "dialect": _("You stand for your dialect, as you have declared it yourself."),
        "school": _("You stand for your school, as you have declared it yourself."),
        "group": _("You stand for your group."),
        "relations": _("You stand for your circle of friends."),
    }
    yield from (stands_for[pride.scope] for pride in facts.prides if pride.scope in stands_for)


def _sharing(facts: Facts) -> Iterator[str]:
    if facts.by_sharing and facts.rewards:
        yield _("Sharing, or the help of friends, brings something. Shared cards say so.")
    elif facts.by_sharing:
        yield _("Sharing, or the help of friends, brings honour and nothing else.")
    if facts.share_raises_odds:
        yield _("It makes winning likelier.")
    if not facts.share_needed:
        yield _("Nobody has to share in order to take part.")
    if facts.paid_levels:
        yield ngettext(
            "Only who shared directly is paid, and only for real sales.",
            "At most %(n)d levels of sharers are paid, and only for real sales.",
            facts.paid_levels,
        ) % {"n": facts.paid_levels}


def _prizes(facts: Facts) -> Iterator[str]:
    if not facts.rewards:
        yield _("Honour: names and numbers, no goods and no money.")
        return
    for prize in facts.prizes:
        yield _prize(prize, facts.currency)


def _prize(prize: Prize, currency: str) -> str:
    worth = format_money(Money(prize.value, currency))
    if prize.quantity is not None:
        return ngettext(
            "%(n)d × %(name)s, worth %(worth)s",
            "%(n)d × %(name)s, worth %(worth)s each",
            prize.quantity,
        ) % {"n": prize.quantity, "name": prize.name, "worth": worth}
    chances, of = prize.odds or (0, 0)
    text = (
        _("%(name)s, worth %(worth)s: %(chances)d of %(of)d chances")
        if of
        else _("%(name)s, worth %(worth)s")
    )
    return text % {"name": prize.name, "worth": worth, "chances": chances, "of": of}


def _deciding(facts: Facts) -> Iterator[str]:
    if facts.method:
        yield facts.method
    if facts.chance:
        yield _("Luck decides, by a seed that is fixed before anybody takes part.")
        yield _("Afterwards a proof file is published with which everybody can check the result.")


def _claiming(facts: Facts) -> Iterator[str]:
    if facts.claim_terms:
        yield facts.claim_terms
    if facts.claim_days:
        yield ngettext(
            "You have %(n)d day to claim it.", "You have %(n)d days to claim it.", facts.claim_days
        ) % {"n": facts.claim_days}


def _price(facts: Facts) -> Iterator[str]:
    if facts.price is None:
        return
    told = {
        "fixed": _("The price is %(price)s."),
        "first": _("The price is %(price)s, and falls when more people join."),
        "lowest": _("The price can fall to %(price)s."),
    }
    yield told[facts.price_is] % {"price": _money(facts.price, facts)}
    if facts.was is not None:
        yield ngettext(
            "The lowest price of the day before was %(was)s.",
            "The lowest price of the %(n)d days before was %(was)s.",
            facts.was_days,
        ) % {"n": facts.was_days, "was": _money(facts.was, facts)}


def _data(facts: Facts) -> Iterator[str]:
    if facts.asks:
        yield _("Taking part asks for: %(asks)s. It is used for this and nothing else.") % {
            "asks": ", ".join(facts.asks)
        }


def _changes(facts: Facts) -> Iterator[str]:
    yield _("What is promised here does not become worse. It can end early; promises are kept.")


def _kept(facts: Facts) -> Iterator[str]:
    """Say what nothing can be published against, each with its source, a market's before ours."""
    rules = {rule.code: rule for pack in (house.PACK, *packs_for(facts)) for rule in pack.rules}
    for rule in rules.values():
        if rule.severity == "block":
            yield _("%(rule)s (%(source)s)") % {"rule": rule.says, "source": rule.source.told}


def _clock(at: dt.datetime) -> str:
    return clock.told(at)


def _money(amount: int, facts: Facts) -> str:
    return format_money(Money(amount, facts.currency))
