"""Reads of earnings for pages, reports and the API."""

from .batches import Payable, Totals, batch_totals, item_state_text, payable_now
from .destinations import Shown, my_destination
from .mine import Standing, balances, behind, my_commissions, statement, statement_months
from .offers import Offer, offer_of
from .payers import verified_payers
from .reports import LinkReport, Promise, link_report, link_reports, promised, promises_of
from .why import Step, Why, why

__all__ = [
    "LinkReport",
    "Offer",
    "Payable",
    "Promise",
    "Shown",
    "Standing",
    "Step",
    "Totals",
    "Why",
    "balances",
    "batch_totals",
    "behind",
    "item_state_text",
    "link_report",
    "link_reports",
    "my_commissions",
    "my_destination",
    "offer_of",
    "payable_now",
    "promised",
    "promises_of",
    "statement",
    "statement_months",
    "verified_payers",
    "why",
]
