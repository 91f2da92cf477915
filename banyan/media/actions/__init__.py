"""Verbs of pictures: the only writers of their rows and files."""

from .drawn import intake_pil
from .intake import describe, intake
from .renditions import make_renditions
from .staging import STAGED_HOURS, claim_staged, stage, sweep_staged

__all__ = [
    "STAGED_HOURS",
    "claim_staged",
    "describe",
    "intake",
    "intake_pil",
    "make_renditions",
    "stage",
    "sweep_staged",
]
