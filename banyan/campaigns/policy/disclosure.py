"""What has to be told before prizes are played for, and what a price is compared with."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .facts import Facts


def undisclosed(facts: Facts) -> str | None:
    """Return what is missing, or told too late, in words; None where nothing is promised."""
    if not facts.prizes or not facts.rewards:
        return None
    missing = [
        str(what)
        for told, what in (
            (facts.organiser, _("who runs it")),
            (facts.contact, _("how to reach them")),
            (all(prize.name for prize in facts.prizes), _("what can be won")),
            (all(p.quantity or p.odds for p in facts.prizes), _("how many there are, or the odds")),
            (facts.method or not facts.chance, _("how it is decided")),
            (facts.claim_terms, _("how prizes are claimed")),
            (facts.claim_days or facts.at_once, _("until when prizes are claimed")),
        )
        if not told
    ]
    if missing:
        return _("This has to be told before it starts: %(what)s") % {"what": ", ".join(missing)}
    if facts.published_at is not None and facts.published_at > facts.starts_at:
        return _("All of it has to be public before it starts.")
    return None


def bad_baseline(facts: Facts, days: int) -> str | None:
    """Return what is wrong with an advertised reduction; ``days`` is what the market asks for."""
    if facts.price is None or facts.was is None:
        return None
    if facts.was_days < days:
        return _("Compare with the lowest price of the last %(days)d days.") % {"days": days}
    if facts.price >= facts.was:
        return _("The price is not lower than the one that it is compared with.")
    return None


def asks_children(facts: Facts, age: int) -> str | None:
    """Return that people below ``age`` would be asked for personal data."""
    if not facts.asks or (facts.min_age or 0) >= age:
        return None
    return _(
        "Below %(age)d years personal data needs a parent's yes. Set the age, or ask less."
    ) % {"age": age}
