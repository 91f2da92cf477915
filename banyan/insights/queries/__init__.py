"""Reads of insights."""

from .imported import cascade_report
from .shares import ShareTree, SoldLine, share_tree, share_trees, totals

__all__ = ["ShareTree", "SoldLine", "cascade_report", "share_tree", "share_trees", "totals"]
