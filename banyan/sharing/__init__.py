"""Share links, touches, the share tree, and who gets the credit."""
