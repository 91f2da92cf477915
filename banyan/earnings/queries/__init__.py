"""Reads of earnings for pages, reports and the API."""

from .mine import Standing, balances, my_commissions, statement
from .offers import Offer, offer_of
from .payers import verified_payers
from .reports import LinkReport, Promise, link_report, promised, promises_of
from .why import Step, Why, why

__all__ = [
    "LinkReport",
    "Offer",
    "Promise",
    "Standing",
    "Step",
    "Why",
    "balances",
    "link_report",
    "my_commissions",
    "offer_of",
    "promised",
    "promises_of",
    "statement",
    "verified_payers",
    "why",
]
