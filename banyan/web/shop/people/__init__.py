"""Pages about people: signing in, profiles, addresses, relations, notifications."""
