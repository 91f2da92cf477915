"""Reads of sharing: links and trees, attribution, and counts of people."""

from .attribution import WINDOW, Attribution, attribute
from .links import PathStep, TreeNode, link_by_code, path_of, tree_of
from .reach import Reach, Scope, links_in, reach, reach_by_link

__all__ = [
    "WINDOW",
    "Attribution",
    "PathStep",
    "Reach",
    "Scope",
    "TreeNode",
    "attribute",
    "link_by_code",
    "links_in",
    "path_of",
    "reach",
    "reach_by_link",
    "tree_of",
]
