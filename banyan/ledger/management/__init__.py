"""Management of the ledger from the command line."""
