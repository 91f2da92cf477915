"""Accounts, contacts, profiles, addresses, consent, follows and blocks."""
