"""Files made from files: compiled catalogues and collected static files, only when they changed."""

import functools
import hashlib
import importlib.metadata
from collections.abc import Iterable, Iterator
from pathlib import Path

import banyan

PACKAGE = Path(banyan.__file__).resolve().parent
STAMP = ".collected"


def compile_catalogues(root: Path = PACKAGE) -> list[Path]:
    """Compile every ``.po`` below ``root`` that is newer than its ``.mo``; those compiled.

    Babel does it, so that no gettext programs are needed. Fuzzy entries are left out, as
    gettext does: a doubtful translation is worse than the English text.
    """
    stale = [po for po in sorted(root.rglob("locale/*/LC_MESSAGES/*.po")) if _is_stale(po)]
    if not stale:
        return []
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for po in stale:
        with po.open("rb") as source:
            catalogue = read_po(source, locale=_locale(po))
        draft = po.with_suffix(".mo.new")
        with draft.open("wb") as target:
            write_mo(target, catalogue, use_fuzzy=False)
        draft.replace(po.with_suffix(".mo"))
    return stale


def static_inputs_seal(root: Path = PACKAGE) -> str:
    """A digest of all that ``collectstatic`` depends on: our files and the installed packages."""
    seal = hashlib.sha256()
    for part in [*_static_files(root), *_installed()]:
        seal.update(part.encode())
        seal.update(b"\0")
    return seal.hexdigest()


def schema_inputs_seal(root: Path = PACKAGE) -> str:
    """A digest of all that decides the schema: our migrations and the installed packages."""
    seal = hashlib.sha256()
    for part in [*_facts(sorted(root.rglob("migrations/*.py")), root), *_installed()]:
        seal.update(part.encode())
        seal.update(b"\0")
    return seal.hexdigest()


def is_collected(static_root: Path, seal: str) -> bool:
    """Whether ``static_root`` holds the outcome for exactly these inputs."""
    try:
        return (static_root / STAMP).read_text(encoding="ascii") == seal
    except OSError:
        return False


def note_collected(static_root: Path, seal: str) -> None:
    """Remember that ``static_root`` now holds the outcome for these inputs."""
    (static_root / STAMP).write_text(seal, encoding="ascii")


def _is_stale(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    return not mo.exists() or mo.stat().st_mtime_ns <= po.stat().st_mtime_ns


def _locale(po: Path) -> str:
    return po.parent.parent.name


def _static_files(root: Path) -> Iterator[str]:
    sources: Iterable[Path] = [root / "config" / "storage.py", root / "config" / "settings.py"]
    for folder in sorted(root.rglob("static")):
        sources = [*sources, *sorted(path for path in folder.rglob("*") if path.is_file())]
    return _facts(sources, root)


def _facts(paths: Iterable[Path], root: Path) -> Iterator[str]:
    for path in paths:
        if path.exists():
            info = path.stat()
            yield f"{path.relative_to(root)} {info.st_size} {info.st_mtime_ns}"


@functools.cache
def _installed() -> tuple[str, ...]:
    found = importlib.metadata.distributions()
    return tuple(sorted(f"{d.metadata['Name']} {d.version}" for d in found))
