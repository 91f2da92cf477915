"""Shops, products, variants, stock."""
