"""Measures of sharing and selling."""
