"""Message catalogues: the strings of our sources, gathered into one ``.po`` file per language.

Babel reads the Python, Jinja2 the pages, and Django's own ``templatize`` turns its templates into
something Babel can read, so no gettext programs are needed.
"""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize
from jinja2 import Environment
from jinja2.ext import extract_from_ast

import banyan

PACKAGE = Path(banyan.__file__).resolve().parent
LANGUAGES = ("zh_Hans", "zh_Hant")

_CONTEXTUAL = ((1, "c"), 2)
_KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": _CONTEXTUAL,
    "pgettext_lazy": _CONTEXTUAL,
    "npgettext": ((1, "c"), 2, 3),
}
# As pages are compiled: a per cent sign in a text is doubled whether it has blanks or not.
_PAGES = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
_PAGES.newstyle_gettext = True  # type: ignore[attr-defined]  # the i18n extension reads it
# These header fields change without any message changing, and would make noise in every diff.
_VOLATILE = (
    '"POT-Creation-Date:',
    '"PO-Revision-Date:',
    '"Generated-By:',
    '"Last-Translator:',
    '"Language-Team:',
    '"Report-Msgid-Bugs-To:',
)


def catalogue_path(language: str, root: Path = PACKAGE) -> Path:
    """Where the ``.po`` file of ``language`` (as ``zh_Hans``) lives below ``root``."""
    return root / "locale" / language / "LC_MESSAGES" / "django.po"


def extract_messages(root: Path = PACKAGE) -> Catalog:
    """Every translatable string of the Python files and templates below ``root``.

    Locations are files relative to ``root``, without lines. Raises ``SyntaxError`` (or the
    ``TemplateSyntaxError`` of the template's engine) when a source cannot be read.
    """
    catalogue = Catalog()
    for path in _sources(root):
        name = path.relative_to(root).as_posix()
        read = _of_a_page if "jinja2" in path.relative_to(root).parts else _of_python
        for text, context in read(path):
            catalogue.add(text, locations=[(name, 0)], context=context)
    for message in catalogue:
        # A file that says it twice is named once; the order of the file must not hang on it.
        message.locations = sorted(set(message.locations))
    return catalogue


def merge(template: Catalog, path: Path, language: str) -> Catalog:
    """The catalogue at ``path`` (or a new one) with exactly the messages of ``template``.

    Translations of messages that still exist are kept; none is guessed, and what the sources
    no longer say is dropped.
    """
    catalogue = read_catalogue(path, language)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def read_catalogue(path: Path, language: str) -> Catalog:
    """The ``.po`` file at ``path``, or an empty catalogue when there is none."""
    if not path.exists():
        return Catalog(locale=language, fuzzy=False)
    with path.open("rb") as source:
        return read_po(source, locale=language)


def render(catalogue: Catalog) -> str:
    """The text of a ``.po`` file: the same messages always give the same bytes."""
    catalogue.fuzzy = False
    catalogue.header_comment = "# Banyan message catalogue."
    catalogue.project, catalogue.version = "Banyan", ""
    target = io.BytesIO()
    write_po(
        target, catalogue, width=98, sort_by_file=True, ignore_obsolete=True, include_lineno=False
    )
    lines = target.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_VOLATILE))


def update_catalogues(root: Path = PACKAGE) -> dict[str, tuple[int, int]]:
    """Bring every language's file up to date; (translated, all) messages by language."""
    template = extract_messages(root)
    outcome = {}
    for language in LANGUAGES:
        path = catalogue_path(language, root)
        catalogue = merge(template, path, language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(catalogue), encoding="utf-8")
        outcome[language] = count(catalogue)
    return outcome


def count(catalogue: Catalog) -> tuple[int, int]:
    """(translated, all) messages, the header left out."""
    messages = [message for message in catalogue if message.id]
    return sum(_is_translated(message.string) for message in messages), len(messages)


def _is_translated(string: str | tuple[str, ...] | list[str] | None) -> bool:
    return bool(string) and (isinstance(string, str) or all(string or ()))


def _sources(root: Path) -> Iterator[Path]:
    yield from sorted(root.rglob("*.py"))
    for kind in ("templates/**/*.html", "templates/**/*.txt", "jinja2/**/*.html"):
        yield from sorted(root.rglob(kind))


def _of_python(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    source = io.BytesIO(_as_python(path).encode())
    for _line, text, _comments, context in extract("python", source, keywords=_KEYWORDS):
        yield text, context


def _of_a_page(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    page = _PAGES.parse(path.read_text(encoding="utf-8"))
    for _line, function, given in extract_from_ast(page):
        # What is no literal (the number, the blanks' values) comes as None.
        each = given if isinstance(given, tuple) else (given,)
        texts = [text for text in each if text is not None]
        context = texts.pop(0) if function in {"pgettext", "npgettext"} and texts else None
        if texts:
            yield texts[0] if len(texts) == 1 else tuple(texts), context


def _as_python(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    # What is not a message comes back as blanked-out words; their indentation means nothing.
    return "".join(
        line.lstrip(" \t") for line in templatize(text, origin=str(path)).splitlines(keepends=True)
    )
