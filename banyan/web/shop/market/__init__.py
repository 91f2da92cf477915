"""Shops and goods, cart and checkout."""
