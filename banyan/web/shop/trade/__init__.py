"""Pages of the market between members: listings, and disputes about any order."""
