"""What an operator may set for the edge alone."""

from __future__ import annotations

from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict


class Options(BaseSettings):
    """Read from the environment, prefixed BANYAN_, once per process.

    ``spool_fsync``: "batch" asks the disk at most every 50 ms, "each" before every answer.
    ``edge_rate``: openings per second and client address, over ten seconds; more are answered
    429. Generous, because a whole town may stand behind one address.
    """

    model_config = SettingsConfigDict(env_prefix="BANYAN_", extra="ignore")

    spool_fsync: Literal["batch", "each"] = "batch"
    edge_rate: int = 100
