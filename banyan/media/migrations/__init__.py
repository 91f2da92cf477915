"""Migrations of media."""
