"""Pages of interest groups."""
