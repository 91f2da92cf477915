"""Checking a draw, for everybody who holds its proof file."""
