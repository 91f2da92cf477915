"""Catalogues and static files are made again exactly when their sources changed."""

import gettext
import os
from pathlib import Path

from banyan.ops.assets import (
    compile_catalogues,
    is_collected,
    note_collected,
    static_inputs_seal,
)

PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "Cart"
msgstr "购物车"

#, fuzzy
msgid "Share"
msgstr "也许是分享"

msgid "%(count)d item"
msgid_plural "%(count)d items"
msgstr[0] "%(count)d 件"
"""


def catalogue(root: Path, language: str) -> Path:
    po = root / "web" / "locale" / language / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    po.write_text(PO, encoding="utf-8")
    return po


def test_a_catalogue_is_compiled_once_and_again_when_it_changed(tmp_path: Path) -> None:
    po = catalogue(tmp_path, "zh_Hans")

    assert compile_catalogues(tmp_path) == [po]
    assert compile_catalogues(tmp_path) == []
    later = po.stat().st_mtime + 10
    os.utime(po, (later, later))
    assert compile_catalogues(tmp_path) == [po]


def test_a_compiled_catalogue_answers_gettext_and_leaves_out_the_doubtful(tmp_path: Path) -> None:
    po = catalogue(tmp_path, "zh_Hant")
    compile_catalogues(tmp_path)

    with po.with_suffix(".mo").open("rb") as file:
        messages = gettext.GNUTranslations(file)

    assert messages.gettext("Cart") == "购物车"
    assert messages.ngettext("%(count)d item", "%(count)d items", 2) == "%(count)d 件"
    assert messages.gettext("Share") == "Share"


def test_static_files_count_as_collected_until_a_source_changes(tmp_path: Path) -> None:
    source = tmp_path / "package" / "web" / "static" / "banyan" / "page.css"
    source.parent.mkdir(parents=True)
    source.write_text("a{}")
    collected = tmp_path / "collected"
    collected.mkdir()
    before = static_inputs_seal(tmp_path / "package")

    assert not is_collected(collected, before)
    note_collected(collected, before)
    assert is_collected(collected, static_inputs_seal(tmp_path / "package"))

    source.write_text("a{color:red}")
    assert not is_collected(collected, static_inputs_seal(tmp_path / "package"))
    source.unlink()
    assert not is_collected(collected, static_inputs_seal(tmp_path / "package"))
