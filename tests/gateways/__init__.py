"""Gateways of our own that behave as real ones do; each is a process that imports no Banyan."""
