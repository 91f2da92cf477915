"""A payment gateway for tests: hosted pay page, API, signed webhooks. No real money moves.

It is a process of its own and knows nothing of the shop in front of it: it keeps its own
state, believes nobody's return address, and tells the truth only by API and by webhook.
The contract is in ``docs/reference/sandbox-gateway.md``.
"""
