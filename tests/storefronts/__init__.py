"""Tests of storefronts."""
