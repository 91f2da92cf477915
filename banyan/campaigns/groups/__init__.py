"""What groups that buy together agree on, and how they go; the mechanic itself is ``group_buy``."""
