"""A push service of our own, with real signatures and real encryption."""
