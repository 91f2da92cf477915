"""Chance that anyone can check: packets, bargains, packs, instant wins, draws.

Pure and decided by a 32-byte seed alone, whose fingerprint is published before anybody takes part.
Every format here is a published promise (docs/explanation/fair-chance.md): a change needs a new
rule name. ``banyan/campaigns/verifier.py`` repeats all of it without a line of this package.
"""
