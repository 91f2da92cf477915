"""Accounts, journals, postings and their proof: the only place where money moves."""
