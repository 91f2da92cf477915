"""What a campaign may be: facts in, findings with their sources out; and its public rules in words.

Pure: no database, no clock. ``lint`` asks the packs of a market and of its channels; each rule
names its source. None of it is legal advice: limits are settings, and whoever runs a campaign
answers for it.
"""

from .facts import Facts, Pride, Prize
from .linting import Finding, Report, lint
from .packs import packs_for
from .public import Section, rules_page
from .rules import Pack, Rule, Source

__all__ = [
    "Facts",
    "Finding",
    "Pack",
    "Pride",
    "Prize",
    "Report",
    "Rule",
    "Section",
    "Source",
    "lint",
    "packs_for",
    "rules_page",
]
