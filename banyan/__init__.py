"""Banyan: community, storefronts, and one audited chain from a share to the money it earned."""

__version__ = "0.1.0"
