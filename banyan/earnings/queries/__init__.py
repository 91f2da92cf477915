"""Reads of earnings for pages, reports and the API."""

from .batches import (
    Payable,
    Totals,
    batch_totals,
    item_state_text,
    payable_now,
    shop_called,
)
from .destinations import Shown, my_destination, shop_destination
from .dues import OrderDue, due_of
from .mine import Standing, balances, behind, my_commissions, statement, statement_months
from .offers import Offer, offer_of
from .payers import verified_payers
from .reports import LinkReport, Promise, link_report, link_reports, promised, promises_of
from .shops import (
    ShopPayout,
    ShopStanding,
    orders_behind,
    shop_payouts,
    shop_standings,
    shop_statement,
    shop_statement_months,
)
from .why import Step, Why, why

__all__ = [
    "LinkReport",
    "Offer",
    "OrderDue",
    "Payable",
    "Promise",
    "ShopPayout",
    "ShopStanding",
    "Shown",
    "Standing",
    "Step",
    "Totals",
    "Why",
    "balances",
    "batch_totals",
    "behind",
    "due_of",
    "item_state_text",
    "link_report",
    "link_reports",
    "my_commissions",
    "my_destination",
    "offer_of",
    "orders_behind",
    "payable_now",
    "promised",
    "promises_of",
    "shop_called",
    "shop_destination",
    "shop_payouts",
    "shop_standings",
    "shop_statement",
    "shop_statement_months",
    "statement",
    "statement_months",
    "verified_payers",
    "why",
]
