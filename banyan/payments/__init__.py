"""Money in and out: intents for any subject, providers, messages, refunds, payouts."""
