"""Limits of the rules: safe by default, and settings of the installation.

How many levels may be paid is none of them: ``banyan.earnings.rules.MOST_LEVELS``.
"""

from __future__ import annotations

from django.conf import settings


def limit(name: str) -> int:
    """Return a limit of ``CampaignLimits`` in banyan/config/env.py."""
    return int(settings.CAMPAIGN_LIMITS[name])
