"""Management of payments from the command line."""
