"""One table of figures, with the machine they were taken on."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path


class Table:
    """Prints each figure as it comes, and says at the end which ones miss their bound."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def row(self, name: str, value: float, unit: str, note: str = "") -> None:
        """Take one figure without a bound."""
        print(f"{name:44} {value:11.2f} {unit:8} {note}", flush=True)

    def held(self, name: str, value: float, unit: str, ok: bool, bound: str) -> None:
        """Take one figure with the bound it should keep."""
        if not ok:
            self.missed.append(f"{name}: {value:.2f} {unit} (bound: {bound})")
        self.row(name, value, unit, f"{'ok' if ok else 'MISSED'}, bound {bound}")

    def head(self, text: str) -> None:
        """Begin a part."""
        print(f"\n-- {text}", flush=True)


def facts(postgres: str, settings: str) -> str:
    """Return what somebody else needs to know to compare: machine, versions, durability, load."""
    load = ", ".join(f"{part:.1f}" for part in os.getloadavg())
    return "\n".join(
        [
            f"machine     {_cpu()}, {os.cpu_count()} cores, {_memory():.0f} GiB, load {load}",
            f"system      {platform.platform()}",
            f"python      {sys.version.split()[0]} ({platform.python_implementation()})",
            f"database    {postgres}; {settings}",
            f"client      {'wrk' if _on_path('wrk') else 'own client'} where one page is asked for",
        ]
    )


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _on_path(name: str) -> bool:
    return any(Path(folder, name).exists() for folder in os.environ.get("PATH", "").split(":"))
