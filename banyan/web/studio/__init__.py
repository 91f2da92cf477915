"""The merchant's rooms."""
