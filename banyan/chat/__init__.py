"""Chat: rooms of two, of a group, of a shop with one person; and the shop's inbox."""
