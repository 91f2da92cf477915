"""Pages for shoppers and members."""
