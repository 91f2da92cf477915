"""Every string a shopper or merchant reads has its Chinese, with the same blanks to fill."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

import banyan
from banyan.ops.catalogues import (
    LANGUAGES,
    catalogue_path,
    count,
    extract_messages,
    merge,
    read_catalogue,
    render,
)

BLANK = re.compile(r"%\(\w+\)[sd]|\{\w+\}|%%|</?\w+>")
PACKAGE = Path(banyan.__file__).parent
SIMPLIFIED_ONLY = re.compile("[单购车结账这们链关运发图页钱时应卖个东]")


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def catalogue(language: str) -> Catalog:
    return read_catalogue(catalogue_path(language), language)


@pytest.fixture(scope="module")
def sources() -> Catalog:
    return extract_messages()


def keys(catalogue: Catalog) -> set[tuple[str | None, str | tuple[str, ...]]]:
    return {(m.context, m.id if isinstance(m.id, str) else tuple(m.id)) for m in catalogue if m.id}


def forms(message: Message) -> tuple[str, list[str]]:
    """The English with every blank (the plural, if there is one), and the translations."""
    source = message.id if isinstance(message.id, str) else list(message.id)[1]
    return source, [message.string] if isinstance(message.string, str) else list(
        message.string or ()
    )


def test_every_translation_has_the_blanks_of_its_source(catalogue: Catalog) -> None:
    wrong = []
    for message in catalogue:
        source, translations = forms(message)
        wrong += [
            (source, text)
            for text in translations
            if source and text and sorted(BLANK.findall(source)) != sorted(BLANK.findall(text))
        ]
    assert wrong == []


def test_every_message_is_translated_and_none_is_doubtful(catalogue: Catalog) -> None:
    translated, total = count(catalogue)

    assert total > 800
    assert [m.id for m in catalogue if m.id and not all(forms(m)[1])] == []
    assert translated == total
    assert [m.id for m in catalogue if m.id and m.fuzzy] == []


def test_the_catalogue_says_what_the_sources_say(catalogue: Catalog, sources: Catalog) -> None:
    said, kept = keys(sources), keys(catalogue)

    assert said - kept == set(), "run: manage extract_messages, then translate"
    assert kept - said == set(), "run: manage extract_messages"


def test_no_word_hides_in_an_f_string() -> None:
    """Python 3.11 reads an f-string as one token: whoever extracts there finds no message in it."""
    hidden = [
        f"{path.relative_to(PACKAGE)}:{call.lineno}"
        for path in PACKAGE.rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"_", "gettext", "ngettext", "pgettext", "npgettext"}
    ]
    assert hidden == []


def test_traditional_chinese_is_written_in_traditional_characters() -> None:
    catalogue = read_catalogue(catalogue_path("zh_Hant"), "zh_Hant")
    texts = [text for message in catalogue for text in forms(message)[1] if message.id]

    assert [text for text in texts if SIMPLIFIED_ONLY.search(text)] == []


def source_tree(root: Path, text: str) -> Path:
    for folder, source in (("jinja2", text), ("templates", DESK)):
        page = root / "shop" / folder / "page.html"
        page.parent.mkdir(parents=True)
        page.write_text(source, encoding="utf-8")
    (root / "words.py").write_text(
        "def say():\n"
        "    return _('Cart'), pgettext('who sees it', 'Everybody'), _(name)\n"
        "def many(n):\n"
        "    return ngettext('%(n)s item', '%(n)s items', n)\n",
        encoding="utf-8",
    )
    return root


PAGE = """
    <p title="{{ _('Share') }}">{{ ui.button(_("Cart"), "quiet") }}</p>
{# a remark: don't gather _("this") #}
  {% trans trimmed who=user.name %}
      Hello {{ who }},
      100% yours
  {% endtrans %}
{% trans %}5% off{% endtrans %}
{{ pgettext("a shop", "Open") }}
{% trans n=n %}{{ n }} share{% pluralize n %}{{ n }} shares{% endtrans %}{{ _(name) }}
"""
DESK = """{% load i18n %}{% translate "Ask" %}{{ _("Find") }}
{% blocktranslate trimmed with who=user.name %}
    Good day {{ who }},
    50% done
{% endblocktranslate %}
{% translate "Close" context "a shop" %}
{% blocktranslate count n=n %}{{ n }} act{% plural %}{{ n }} acts{% endblocktranslate %}
"""


def test_python_and_templates_are_both_read(tmp_path: Path) -> None:
    found = extract_messages(source_tree(tmp_path, PAGE))

    assert keys(found) == {
        (None, "Cart"),
        (None, "Share"),
        ("who sees it", "Everybody"),
        ("a shop", "Open"),
        (None, "Hello %(who)s, 100%% yours"),
        (None, "5%% off"),
        (None, "Ask"),
        (None, "Find"),
        (None, "Good day %(who)s, 50%% done"),
        ("a shop", "Close"),
        (None, ("%(n)s act", "%(n)s acts")),
        (None, ("%(n)s item", "%(n)s items")),
        (None, ("%(n)s share", "%(n)s shares")),
    }


def test_merging_keeps_translations_drops_the_gone_and_guesses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "django.po"
    before = Catalog(locale="zh_Hans", fuzzy=False)
    before.add("Cart", "购物车")
    before.add("Shares", "各种分享")
    path.write_text(render(before), encoding="utf-8")

    merged = merge(extract_messages(source_tree(tmp_path / "src", PAGE)), path, "zh_Hans")

    assert merged["Cart"].string == "购物车"
    assert not merged["Share"].string
    assert "Shares" not in merged
    assert "各种分享" not in render(merged)


def test_writing_a_catalogue_again_changes_nothing(language: str) -> None:
    path = catalogue_path(language)
    kept = path.read_text(encoding="utf-8")

    assert render(read_catalogue(path, language)) == kept
    assert "fuzzy" not in kept
    assert not re.search(r"\d{4}-\d\d-\d\d \d\d:", kept.partition("\n\n")[0])  # its header


def test_what_is_merged_reads_back_as_it_was_written(
    tmp_path: Path, language: str, sources: Catalog
) -> None:
    path = tmp_path / "django.po"
    path.write_text(render(merge(sources, path, language)), encoding="utf-8")

    assert render(merge(sources, path, language)) == path.read_text(encoding="utf-8")
