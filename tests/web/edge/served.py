"""The edge behind a real server process, as ``granian --factory`` starts it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def edge() -> Callable[..., Any]:
    """Return the project's WSGI application; BANYAN_VAR and DATABASE_URL say where it works."""
    from banyan.config.wsgi import application

    return application


def buffering_edge() -> Callable[..., Any]:
    """Return an edge that keeps its lines in the process for a while: the negative control."""
    import django

    django.setup()
    from banyan.sharing.spool import SpoolWriter
    from banyan.sharing.spool.writer import SUFFIX

    file = (Path(os.environ["BANYAN_VAR"]) / "spool" / f"buffered{SUFFIX}").open("ab", 8192)
    SpoolWriter.append = lambda self, line: file.write(line)  # type: ignore[method-assign,assignment]
    return edge()
