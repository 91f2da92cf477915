"""From the cart to the end: pricing, checkout, orders, parcels, returns, refunds, papers."""
