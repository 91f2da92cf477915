"""Flash sales: few units at a low price for a short time, and the right to buy one of them."""
