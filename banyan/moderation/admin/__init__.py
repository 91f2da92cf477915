"""Back office of moderation: cases, appeals, limits, words, pictures, rights holders."""

from . import appeals, cases, lists, notices

__all__ = ["appeals", "cases", "lists", "notices"]
