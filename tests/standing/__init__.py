"""Tests of what is said of shops and goods."""
