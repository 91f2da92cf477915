"""``banyan doctor``: can this machine run Banyan well, and if not, what to do about it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from banyan.ops.binaries import MINIMUM_MAJOR, PostgresError, binaries_version, find_binaries
from banyan.ops.environment import PORTS_USED, SetupError, Surroundings, taken_ports
from banyan.ops.filelock import FileLock, LockHeldError

Verdict = Literal["ok", "advice", "fault"]
MARKS: dict[Verdict, str] = {"ok": "✓", "advice": "!", "fault": "✗"}
MINIMUM_PYTHON = (3, 11)
FREE_MEGABYTES = 1024
FONT_PACKAGE = "fonts-noto-cjk"
SPARE_PACKAGE = "fonts-dejavu-core"
KNOWN_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
)
CHROMIUMS = (
    "chromium-headless-shell",  # the same engine without the windows nobody looks at
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and the remedy when it is not well."""

    subject: str
    verdict: Verdict
    detail: str


def main() -> int:
    """Print every finding; 1 when something must be mended before Banyan can run."""
    findings = examine()
    for finding in findings:
        print(f"{MARKS[finding.verdict]} {finding.subject:<12} {finding.detail}")
    return int(any(finding.verdict == "fault" for finding in findings))


def examine() -> list[Finding]:
    """All findings, in the order they are printed; checks only read."""
    try:
        surroundings = Surroundings.read()
    except SetupError as error:
        return [Finding("settings", "fault", str(error))]
    return [
        check_python(),
        check_postgres(surroundings),
        check_ports(surroundings),
        check_disk(surroundings.var),
        check_font(),
        check_spare_font(),
        check_browser(),
        check_blocked(),
    ]


def check_python() -> Finding:
    """The interpreter is recent enough."""
    text = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < MINIMUM_PYTHON:
        wanted = ".".join(map(str, MINIMUM_PYTHON))
        return Finding("python", "fault", f"{text}; install Python {wanted} or later.")
    return Finding("python", "ok", text)


def check_postgres(surroundings: Surroundings) -> Finding:
    """There are programs of a PostgreSQL that is recent enough, or an address of a server."""
    if surroundings.database_url:
        return Finding("postgresql", "ok", "DATABASE_URL names a server; none is started here")
    try:
        folder = find_binaries()
        version = binaries_version(folder)
    except PostgresError as error:
        return Finding("postgresql", "fault", str(error))
    major = version.split(".")[0]
    if not major.isdigit() or int(major) < MINIMUM_MAJOR:
        return Finding(
            "postgresql", "fault", f"{version} in {folder}; {MINIMUM_MAJOR} or later is needed."
        )
    return Finding("postgresql", "ok", f"{version} in {folder}")


def check_ports(surroundings: Surroundings) -> Finding:
    """The three ports are free, or taken by this very installation."""
    ports = {name: surroundings.port_of(name) for name in PORTS_USED}
    listed = ", ".join(f"{port} ({name})" for name, port in ports.items())
    taken = taken_ports(surroundings.host, ports)
    if not taken:
        return Finding("ports", "ok", f"{listed} are free")
    if (holder := _running(surroundings)) is not None:
        return Finding("ports", "ok", f"{listed} are in use by this installation ({holder})")
    listed = ", ".join(f"{port} ({name})" for name, port in taken.items())
    return Finding("ports", "fault", f"{listed} in use; set BANYAN_PORT to three free ports.")


def check_disk(var: Path) -> Finding:
    """Enough room where the data goes."""
    place = next(folder for folder in [var, *var.parents] if folder.exists())
    if not os.access(place, os.W_OK):
        return Finding("disk", "fault", f"{place} is not writable; set BANYAN_VAR elsewhere.")
    free = shutil.disk_usage(place).free // 2**20
    if free < FREE_MEGABYTES:
        return Finding(
            "disk", "advice", f"{free} MB free at {place}; keep {FREE_MEGABYTES} MB or more."
        )
    return Finding("disk", "ok", f"{free} MB free at {place}")


def check_font() -> Finding:
    """A font with Chinese characters for posters."""
    named = os.environ.get("BANYAN_CJK_FONT", "")
    if named and not Path(named).is_file():
        return Finding("CJK font", "fault", f"BANYAN_CJK_FONT={named} is no file.")
    font = named or cjk_font()
    if font:
        return Finding("CJK font", "ok", font)
    return Finding(
        "CJK font",
        "advice",
        "none: posters carry no Chinese, Japanese or Korean text. On Debian: "
        f"`apt-get install {FONT_PACKAGE}`, or set BANYAN_CJK_FONT to a font file.",
    )


def check_spare_font() -> Finding:
    """A font with the letters that one for Chinese lacks, for names on receipts and invoices."""
    from banyan.media.fonts import spare

    if path := spare().path:
        return Finding("other font", "ok", path)
    return Finding(
        "other font",
        "advice",
        "none: papers for names such as Łukasz, Řezáč or Şükrü are refused. On Debian: "
        f"`apt-get install {SPARE_PACKAGE}`.",
    )


def check_browser() -> Finding:
    """A Chromium for the browser tests; nothing else needs it."""
    if found := find_chromium():
        return Finding("chromium", "ok", found)
    return Finding("chromium", "advice", "none: browser tests need it; `make setup-dev` gets it.")


def find_chromium() -> str | None:
    """Return the path of the Chromium that tests and bench drive; None where there is none."""
    return next((found for name in CHROMIUMS if (found := shutil.which(name))), None)


def check_blocked() -> Finding:
    """Apps that an operator has marked as blocking this host's links."""
    named = os.environ.get("BANYAN_BLOCKED_IN", "")
    if not named:
        return Finding("links", "ok", "no app is marked as blocking them; the desk watches.")
    return Finding(
        "links",
        "advice",
        f"blocked in {named}: ask these apps to look again. Another host to evade it is no remedy.",
    )


def cjk_font() -> str:
    """The file of an installed font with Chinese characters, or an empty string."""
    finders: Iterable[Callable[[], str]] = (_font_of_fontconfig, _font_of_known_places)
    return next((found for find in finders if (found := find())), "")


def _font_of_fontconfig() -> str:
    program = shutil.which("fc-list")
    if program is None:
        return ""
    answer = subprocess.run(
        [program, ":lang=zh-cn", "file"], capture_output=True, text=True, check=False
    )
    files = sorted(line.split(":")[0].strip() for line in answer.stdout.splitlines())
    # A regular weight reads best on a poster; any is better than none.
    regular = [file for file in files if "regular" in file.lower()]
    return next(iter([*regular, *files]), "")


def _font_of_known_places() -> str:
    return next((font for font in KNOWN_FONTS if Path(font).is_file()), "")


def _running(surroundings: Surroundings) -> str | None:
    """Who runs this installation right now, or None."""
    lock = FileLock(surroundings.run_dir / "supervisor.lock")
    if not lock.path.exists():
        return None
    try:
        lock.acquire()
    except LockHeldError as held:
        return f"process {held.pid}"
    except OSError:
        return None
    lock.release()
    return None
