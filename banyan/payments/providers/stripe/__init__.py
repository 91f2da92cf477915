"""Stripe: hosted Checkout, refunds, signed events, and the account's own bill.

Speaks https://docs.stripe.com/api over plain HTTP, in one pinned version. How to set it up:
``docs/how-to/take-payments-with-stripe.md``.
"""

from .provider import StripeProvider

__all__ = ["StripeProvider"]
