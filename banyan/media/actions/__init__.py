"""Verbs of pictures: the only writers of their rows and files."""

from .alts import set_alts
from .cards import drawn_once, sweep_cards
from .drawn import intake_pil, intake_worked
from .intake import describe, intake
from .renditions import make_renditions
from .staging import (
    STAGED_HOURS,
    UPLOADS,
    claim_staged,
    remove_unshown,
    stage,
    stage_again,
    sweep_staged,
)
from .videos import intake_video, keep_video, sweep_videos

__all__ = [
    "STAGED_HOURS",
    "UPLOADS",
    "claim_staged",
    "describe",
    "drawn_once",
    "intake",
    "intake_pil",
    "intake_video",
    "intake_worked",
    "keep_video",
    "make_renditions",
    "remove_unshown",
    "set_alts",
    "stage",
    "stage_again",
    "sweep_cards",
    "sweep_staged",
    "sweep_videos",
]
