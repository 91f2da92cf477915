"""Few primitives, used by every package: ids, money, clock, locks, states, events. No domain word."""
