"""A stand-in for Stripe's API: a process of its own that imports nothing of the platform.

Written from the published reference, https://docs.stripe.com/api, version 2026-10-28.endive; each
module names the pages that its fields come from. ``/control/...`` is ours: there a test plays the
payer, the banks and the post (:mod:`tests.gateways.stripe.control`).

Run: ``python -m tests.gateways.stripe --key sk_test_... --secret whsec_...``; it prints its port.
"""
