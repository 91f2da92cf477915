"""Few primitives, used by every package: ids, money, locks, states, events. No domain word."""
