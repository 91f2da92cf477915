"""The one global order of row locks, earliest first. See docs/explanation/locking.md.

Rows that one purchase has to itself come first, those that many wait for last: an action may take
the last ones when the rest of its work is done, so that others wait for a commit and little else.
"""

LOCK_ORDER: list[tuple[str, str]] = [
    ("storefront", "storefronts_storefront"),
    ("pool", "storefronts_poolitem"),
    ("payment", "payments_intent"),
    ("instance", "campaigns_instance"),
    ("campaign", "campaigns_campaign"),
    ("entitlement", "entitlements_coupon"),
    ("points", "entitlements_pointspurse"),
    ("right", "entitlements_priceright"),
    ("checkout", "orders_checkout"),
    ("order", "orders_order"),
    ("escrow", "market_escrow"),
    ("dispute", "market_dispute"),
    ("circle", "trust_circle"),
    ("commission", "earnings_commission"),
    ("payout", "earnings_payoutbatch"),
    ("wallet", "ledger_account"),
    ("stock", "catalog_stock"),
    ("bucket", "sales_bucket"),
]
