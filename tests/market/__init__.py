"""Tests of the market between members."""
