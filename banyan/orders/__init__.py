"""Cart, pricing, checkout, orders, refunds."""
