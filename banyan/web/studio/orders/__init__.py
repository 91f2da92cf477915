"""The shop's orders: the queue, one order, parcels, money back, returns, papers."""
