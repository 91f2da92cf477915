"""Pages of campaigns: what it is, the play itself, its rules, and one's own plays."""
