"""Mechanics: one file each. See docs/how-to/write-a-mechanic.md."""
