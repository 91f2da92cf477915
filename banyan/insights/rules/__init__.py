"""Measures as pure functions: no database, no clock, exact where arithmetic allows.

Each function names the work its formula comes from; `docs/reference/measures.md` says what
the pages mean by the words.
"""

from banyan.insights.rules.attribution import AttributionModel, PathTouch, attribute
from banyan.insights.rules.cascade_file import (
    Cascade,
    CascadeFault,
    CascadeMember,
    Share,
    parse_cascades,
)
from banyan.insights.rules.cascades import (
    CascadeMeasures,
    CascadeShapeError,
    GrowingCascade,
    expected_final_size,
    measure,
    measure_forest,
    observed_reproduction,
    structural_virality,
)
from banyan.insights.rules.funnels import Funnel, FunnelStep, funnel
from banyan.insights.rules.intervals import Difference, Proportion, wilson_interval
from banyan.insights.rules.journeys import Joined, Opened, Shared, people_tree
from banyan.insights.rules.survival import Span, done_within

__all__ = [
    "AttributionModel",
    "Cascade",
    "CascadeFault",
    "CascadeMeasures",
    "CascadeMember",
    "CascadeShapeError",
    "Difference",
    "Funnel",
    "FunnelStep",
    "GrowingCascade",
    "Joined",
    "Opened",
    "PathTouch",
    "Proportion",
    "Share",
    "Shared",
    "Span",
    "attribute",
    "done_within",
    "expected_final_size",
    "funnel",
    "measure",
    "measure_forest",
    "observed_reproduction",
    "parse_cascades",
    "people_tree",
    "structural_virality",
    "wilson_interval",
]
