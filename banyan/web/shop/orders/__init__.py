"""Checkout, the buyer's orders, refunds."""
