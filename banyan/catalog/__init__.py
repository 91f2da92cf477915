"""Shops, their goods and prices, stock, delivery and tax, and what goods are found by."""
