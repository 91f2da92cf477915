"""Reads of insights: how shares travelled, and who came through them."""

from .cascades import cascade_report
from .people import STEPS, Person, funnel_of, people_of
from .trees import Guest, Sharer, ShareTree, share_tree

__all__ = [
    "STEPS",
    "Guest",
    "Person",
    "ShareTree",
    "Sharer",
    "cascade_report",
    "funnel_of",
    "people_of",
    "share_tree",
]
