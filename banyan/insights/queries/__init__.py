"""Reads of insights."""

from .cascades import cascade_report
from .journeys import Journey, SoldLine, journey_of, journey_reports, totals

__all__ = ["Journey", "SoldLine", "cascade_report", "journey_of", "journey_reports", "totals"]
