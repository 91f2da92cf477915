"""Imported cascades hold invented or pseudonymous names of other networks, no members."""

from banyan.kernel.personal import names_nobody

names_nobody("insights.Cascade", "insights.CascadeShare")
