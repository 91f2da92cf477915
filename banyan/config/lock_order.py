"""The one global order of row locks, earliest first. See docs/explanation/locking.md."""

LOCK_ORDER: list[tuple[str, str]] = [
    ("stock", "catalog_stock"),
    ("entitlement", "entitlements_coupon"),
    ("checkout", "orders_checkout"),
    ("order", "orders_order"),
    ("payment", "payments_intent"),
    ("commission", "earnings_commission"),
    ("payout", "earnings_payoutbatch"),
    ("wallet", "ledger_account"),
]
