"""Which accounts are one person, by edges to shared keys, and who trades in a circle."""
