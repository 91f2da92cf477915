"""Versioned legal texts and who agreed to them; export and erasure of what is personal."""
