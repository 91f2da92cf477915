"""Members sell to members: listings near by, money in escrow, disputes with a decision."""
