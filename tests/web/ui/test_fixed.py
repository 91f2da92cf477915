"""Parts of the frame are drawn once per language and named values, and keep nothing else."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.test import override_settings
from django.utils import translation

TEXT = "{% load ui %}{% fixed nav %}{{ nav }} {{ drawn }}{% endfixed %}"


def _draw(template: Template, **values: object) -> str:
    return template.render(Context(values))


def test_the_same_language_and_values_give_the_same_text() -> None:
    """What stands inside is drawn at the first use only."""
    template = Template(TEXT)
    assert _draw(template, nav="home", drawn=1) == "home 1"
    assert _draw(template, nav="home", drawn=2) == "home 1"


def test_another_value_or_language_has_its_own_text() -> None:
    """Nothing leaks from one language, or one named value, into another."""
    template = Template(TEXT)
    _draw(template, nav="home", drawn=1)
    assert _draw(template, nav="cart", drawn=2) == "cart 2"
    with translation.override("zh-hans"):
        assert _draw(template, nav="home", drawn=3) == "home 3"
    assert _draw(template, nav="home", drawn=4) == "home 1"


def test_too_many_values_are_drawn_but_not_kept() -> None:
    """A value that somebody makes up again and again fills no memory."""
    template = Template(TEXT)
    for number in range(300):
        assert _draw(template, nav=f"made up {number}", drawn=number).endswith(f" {number}")
    node = template.nodelist[1]
    assert len(node.made) == 100  # type: ignore[attr-defined]


def test_a_changed_setting_draws_anew() -> None:
    """Tests that change addresses see their own."""
    template = Template(TEXT)
    _draw(template, nav="home", drawn=1)
    with override_settings(PUBLIC_URL="http://shop.example"):
        assert _draw(template, nav="home", drawn=2) == "home 2"


@pytest.mark.django_db
def test_a_member_and_a_visitor_never_share_a_frame(client: object) -> None:
    """Given a visitor saw the page first, a member still finds the way to Studio, and back."""
    from django.test import Client

    from tests.support import factories

    visitor, member = Client(), Client()
    member.force_login(factories.member())
    for _ in range(2):
        assert "Sign in" in visitor.get("/explore").content.decode()
        page = member.get("/explore").content.decode()
        assert 'href="/studio/"' in page
        assert 'href="/studio/"' not in visitor.get("/explore").content.decode()
