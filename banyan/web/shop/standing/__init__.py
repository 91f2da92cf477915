"""Pages of good goods: how a shop keeps its word, what buyers say, reports, the age gate."""
