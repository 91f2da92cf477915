"""Reads of sharing: links and trees, attribution, and counts of people."""

from .attribution import WINDOW, Attribution, attribute
from .links import PathStep, TreeNode, link_by_code, path_of, roots_in, tree_below, tree_of
from .openings import Opening, openings
from .reach import Reach, Scope, links_in, reach, reach_by_link

__all__ = [
    "WINDOW",
    "Attribution",
    "Opening",
    "PathStep",
    "Reach",
    "Scope",
    "TreeNode",
    "attribute",
    "link_by_code",
    "links_in",
    "openings",
    "path_of",
    "reach",
    "reach_by_link",
    "roots_in",
    "tree_below",
    "tree_of",
]
