"""What sharers earn: commission plans, commissions, payouts, and why each is what it is."""
