"""Which accounts are one person: edges of accounts to shared keys, and the clusters they make."""
