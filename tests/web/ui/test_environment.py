"""What a page's template says, what it compiles to text, and that nothing of a request stays."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest
from django.template import TemplateDoesNotExist, engines
from django.template.loader import get_template
from django.test import Client, override_settings
from django.utils import translation

from banyan.web.ui.components import UI
from banyan.web.ui.environment import Languages, Pages
from tests.support import factories

EVIL = "<script>alert('x')</script>"


def languages() -> Languages:
    return engines["jinja2"].env  # type: ignore[attr-defined,no-any-return]


def draw(source: str, **values: Any) -> str:
    return languages().from_string(source).render(values)


def compiled(source: str) -> str:
    """The Python that a template becomes."""
    return str(languages().pages().compile(source, raw=True))


@pytest.mark.parametrize(
    "source",
    [
        "{{ evil }}",
        '<a title="{{ evil }}">',
        "{% trans who=evil %}Hello {{ who }}{% endtrans %}",
        "{% trans n=2, who=evil %}{{ who }}{% pluralize n %}{{ n }} {{ who }}{% endtrans %}",
        "{% set told %}{% trans who=evil %}Hello {{ who }}{% endtrans %}{% endset %}{{ told }}",
        "{{ ui.button(evil, data_copy=evil) }}{{ ui.badge(evil) }}{{ ui.chip(evil, evil) }}",
        "{% call ui.card(evil, evil, evil) %}{{ evil }}{% endcall %}",
        "{% call ui.table(evil) %}{{ evil }}{% endcall %}",
        "{% call ui.actions() %}{{ evil }}{% endcall %}",
        "{{ ui.notice(evil, title=evil, href=evil, link=evil) }}{{ ui.empty(evil, title=evil) }}",
        "{{ ui.relation_line([{'name': evil}, {'name': evil}], evil) }}",
        "{{ ui.nav_item('home', evil, 'home') }}{{ ui.icon('heart', label=evil) }}",
        "{{ evil|linebreaks }}{{ evil|linebreaksbr }}{{ evil|truncatechars(12) }}",
        "{{ _('Close') ~ evil }}{{ evil or '' }}{{ [evil]|join(', ') }}",
    ],
)
def test_what_people_wrote_is_escaped_wherever_it_stands(source: str) -> None:
    drawn = draw(source, evil=EVIL)

    assert "&lt;script" in drawn
    assert "<script" not in drawn


def test_a_template_that_was_told_to_trust_would_be_caught() -> None:
    assert "<script" in draw("{{ evil|safe }}", evil=EVIL)


def test_a_missing_name_prints_nothing_and_is_false_and_none() -> None:
    assert draw("{{ absent }}{{ absent.field.more }}") == ""
    assert draw("{% if absent %}a{% else %}b{% endif %}") == "b"
    assert draw("{% if absent is none and given is none %}c{% endif %}", given=None) == "c"
    assert draw("{% for one in absent %}a{% else %}d{% endfor %}") == "d"


def test_a_template_speaks_the_language_that_is_active_and_no_other() -> None:
    source = '{{ _("Close") }} {{ ui.button(_("Close")) }} {{ language() }}'
    english = draw(source)
    with translation.override("zh-hans"):
        chinese = draw(source)

    assert "Close" in english
    assert "Close" not in chinese
    assert "关闭" in chinese
    assert draw(source) == english


def test_a_component_drawn_from_python_follows_the_language() -> None:
    with translation.override("zh-hant"):
        assert "可不填" in str(UI.plain_field("nick", "N", optional=True)) or "選填" in str(
            UI.plain_field("nick", "N", optional=True)
        )
    assert "optional" in str(UI.plain_field("nick", "N", optional=True))


def test_literals_are_text_when_a_template_is_compiled() -> None:
    code = compiled('{{ ui.button(_("Close"), icon="close") }}{{ url("home") }}')

    assert "<span>Close</span></button>" in code
    assert "call(" not in code


def test_what_a_request_brings_is_never_compiled_in() -> None:
    """Given the same template, each drawing says what it was given."""
    source = '{{ ui.button(text) }}{{ ui.theme() }}{{ url("shop", slug) }}'
    code = compiled(source)

    assert code.count("call(") == 3
    assert "first" in draw(source, text="first", slug="a", ui_theme="dark")
    again = draw(source, text="second", slug="b", ui_theme="light")
    assert "first" not in again
    assert "dark" not in again
    assert "light" in again
    assert "/shop/b" in again


def test_all_that_takes_the_context_stays_a_call() -> None:
    """Given a literal, what asks the request is asked at each drawing."""
    code = compiled('{{ ui.toggle("/like", true, "Like") }}{{ ui.page_path() }}')

    assert code.count("call(") == 2


def test_what_fails_when_it_is_compiled_fails_where_it_is_drawn() -> None:
    template = languages().from_string('{% if asked %}{{ url("no_such_name") }}{% endif %}fine')

    assert template.render({}) == "fine"
    with pytest.raises(Exception, match="no_such_name"):
        template.render({"asked": True})


def test_a_changed_setting_compiles_anew() -> None:
    template = '{{ static("ui/banyan.css") }}'
    before = draw(template)
    with override_settings(STATIC_URL="/elsewhere/"):
        languages().pages()
        during = draw(template)

    assert during == before.replace("/static/", "/elsewhere/")
    assert draw(template) == before


def test_what_is_not_ours_is_found_by_the_other_engine_again_and_again() -> None:
    for _ in range(2):
        assert type(get_template("admin/base_site.html")).__module__.endswith("backends.django")
        with pytest.raises(TemplateDoesNotExist):
            get_template("no/such.html")


def test_a_template_is_kept_but_in_development() -> None:
    loader = jinja2.DictLoader({"a.html": "one"})
    kept = Pages("en", loader=loader, auto_reload=False, autoescape=True)
    read_anew = Pages("en", loader=loader, auto_reload=True, autoescape=True)
    before = [pages.get_template("a.html").render() for pages in (kept, read_anew)]
    loader.mapping = {"a.html": "two"}

    assert before == ["one", "one"]
    assert kept.get_template("a.html").render() == "one"
    assert read_anew.get_template("a.html").render() == "two"


def test_every_template_of_ours_compiles_in_every_language() -> None:
    for language in ("en", "zh-hans", "zh-hant"):
        with translation.override(language):
            pages = languages().pages()
            names = pages.list_templates(extensions=["html", "svg"])
            assert len(names) > 140
            for name in names:
                pages.get_template(name)


@pytest.mark.django_db
def test_a_member_and_a_visitor_never_share_a_frame() -> None:
    """Given a visitor saw the page first, a member still finds the way to Studio, and back."""
    visitor, member = Client(), Client()
    member.force_login(factories.member())
    for _ in range(2):
        assert "Sign in" in visitor.get("/explore").content.decode()
        page = member.get("/explore").content.decode()
        assert 'href="/studio/"' in page
        assert 'href="/studio/"' not in visitor.get("/explore").content.decode()
