"""Interest groups: who belongs together, and under which rules."""
