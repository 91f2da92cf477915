"""Components as HTML: what they say, link and escape."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.template import engines
from django.test import Client, RequestFactory
from django.utils import timezone

from banyan.kernel.money import Money
from banyan.web.ui.gallery_data import SampleForm, still
from banyan.web.ui.shapes import Face, PostCard, ProductCard, Spot

pytestmark = pytest.mark.urls("tests.web.ui.gallery_urls")
PRICE = Money(19900, "EUR")


def draw(source: str, **context: Any) -> str:
    return str(engines["jinja2"].from_string(source).render(context))


class _Visitor:
    is_authenticated = False


class _Member:
    is_authenticated = True


def _request(user: object) -> Any:
    request = RequestFactory().get("/here?lang=en&page=2")
    request.user = user  # type: ignore[assignment]
    return request


def test_a_button_carries_its_attributes_and_escapes_them() -> None:
    html = draw(
        '{{ ui.button("Buy", "primary", name="act", data_copy=x, hx_post="/p", disabled=true) }}',
        x='"><',
    )
    assert '<button class="btn btn-primary" type="submit"' in html
    assert 'hx-post="/p"' in html
    assert 'data-copy="&#34;&gt;&lt;"' in html
    assert re.search(r" disabled[ >]", html)


def test_a_button_with_an_address_is_a_link() -> None:
    html = draw('{{ ui.button("Go", "secondary", href=h) }}', h="/x?a=1&b=2")
    assert html.startswith('<a class="btn btn-secondary" href="/x?a=1&amp;b=2"')
    assert "<button" not in html


def test_a_price_shows_what_it_was_only_when_it_differs() -> None:
    assert "<s>" in draw("{{ ui.price(now, was) }}", now=PRICE, was=Money(23900, "EUR"))
    assert "<s>" not in draw("{{ ui.price(now, was) }}", now=PRICE, was=PRICE)


def test_signed_money_says_plus_or_a_true_minus() -> None:
    assert "money-plus" in (plus := draw("{{ ui.money(m, signed=true) }}", m=Money(5, "EUR")))
    assert "+€0.05" in plus
    assert "−€0.05" in draw("{{ ui.money(m, signed=true) }}", m=Money(-5, "EUR"))


def test_a_tag_on_a_picture_drops_empty_decimals_only() -> None:
    whole = PostCard("/p", "T", still("cup", 0), Face("mio"), price=Money(6800, "EUR"))
    assert "€68<" in draw("{{ ui.post_card(p) }}", p=whole)
    part = PostCard("/p", "T", still("cup", 0), Face("mio"), price=Money(6850, "EUR"))
    assert "€68.50<" in draw("{{ ui.post_card(p) }}", p=part)


def test_a_picture_keeps_its_place_and_loads_late_unless_first() -> None:
    html = draw("{{ ui.picture(p) }}", p=still("cup", 0, 400, 500, "A cup"))
    assert 'width="400" height="500" alt="A cup" loading="lazy" decoding="async"' in html
    assert re.search(r'class="pic ph-\d\d"', html)
    assert 'fetchpriority="high"' in draw("{{ ui.picture(p, eager=true) }}", p=still("cup", 0))


def test_a_feed_deals_two_columns_so_that_the_newest_two_stay_on_top() -> None:
    posts = [PostCard(f"/{n}", f"post {n}", still("cup", 0), Face("mio")) for n in range(5)]
    html = draw("{{ ui.feed(posts, eager=true) }}", posts=posts)
    assert re.findall(r"post (\d)</a>", html) == ["0", "2", "4", "1", "3"]
    assert html.count('fetchpriority="high"') == 2
    first = html.index('fetchpriority="high"')
    assert html.index("post 0<") > first > html.index("<ul")


def test_spots_stay_on_the_picture_and_open_towards_its_middle() -> None:
    spots = [Spot(2.0, -1.0, "Dress", "/d", PRICE), Spot(0.1, 0.5, "Shoe", "/s")]
    html = draw("{{ ui.tagged_picture(p, spots) }}", p=still("dress", 3), spots=spots)
    assert "x-50 y-2 spot-left" in html
    assert "x-5 y-25" in html
    assert "Dress · €199<" in html


def test_a_name_is_escaped_wherever_a_face_is_drawn() -> None:
    evil = Face("<script>x</script>", url="/a")
    html = draw(
        "{{ ui.person(f) }}{{ ui.avatar(f) }}{{ ui.faces(l) }}{{ ui.relation_line(l) }}",
        f=evil,
        l=[evil],
    )
    assert "<script" not in html


def test_a_relation_line_without_a_path_draws_nothing() -> None:
    assert draw("{{ ui.relation_line(p) }}", p=[]).strip() == ""


def test_a_refused_field_ties_error_and_help_to_the_input() -> None:
    form = SampleForm({"name": "", "email": "x"})
    html = draw("{{ ui.field(f.name) }}", f=form)
    assert 'aria-describedby="id_name-error id_name-help"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name-error"' in html
    assert 'id="id_name-help"' in html
    assert '<label for="id_name">' in html


def test_a_field_that_may_be_empty_says_so() -> None:
    form = SampleForm()
    assert "optional" in draw("{{ ui.field(f.email) }}", f=form)
    assert "optional" not in draw("{{ ui.field(f.name) }}", f=form)


def test_what_was_typed_is_kept_when_the_form_is_refused() -> None:
    assert 'value="not-mail"' in draw(
        "{{ ui.field(f.email) }}", f=SampleForm({"email": "not-mail"})
    )


def test_the_summary_links_to_each_refused_field() -> None:
    html = draw("{{ ui.form_errors(f) }}", f=SampleForm({"email": "x"}))
    assert 'href="#id_name"' in html
    assert 'role="alert"' in html
    assert draw("{{ ui.form_errors(f) }}", f=SampleForm()).strip() == ""


def test_a_visitor_gets_a_link_and_no_token_where_a_member_gets_a_button() -> None:
    tag = '{{ ui.toggle("/like", true, "Like", count=5) }}'
    visitor = draw(tag, request=_request(_Visitor()))
    assert '<a class="tally" href="/like"' in visitor
    assert "csrfmiddlewaretoken" not in visitor
    member = draw(tag, request=_request(_Member()), csrf_token="tok")
    assert 'aria-pressed="true"' in member
    assert 'value="tok"' in member
    assert 'hx-post="/like"' in member


def test_a_place_without_an_address_is_left_out() -> None:
    assert draw('{{ ui.nav_item("no_such_name", "X", "home") }}').strip() == ""


def test_the_current_place_says_so() -> None:
    html = draw('{{ ui.nav_item("home", "X", "home", "home") }}')
    assert 'aria-current="page"' in html


def test_the_way_back_forgets_the_language() -> None:
    assert draw("{{ ui.page_path() }}", request=_request(_Visitor())) == "/here?page=2"


def test_the_theme_comes_from_the_cookie_and_only_known_words_count() -> None:
    request = _request(_Visitor())
    request.COOKIES["banyan_theme"] = "dark"
    assert draw("{{ ui.theme() }}", request=request) == "dark"
    request.COOKIES["banyan_theme"] = '"><x'
    assert draw("{{ ui.theme() }}", request=request) == ""


def test_a_countdown_is_readable_before_any_script() -> None:
    soon = timezone.now() + timedelta(hours=2, seconds=30)
    assert re.search(r"02:00:\d\d</time>", draw("{{ ui.countdown(d) }}", d=soon))
    past = timezone.now() - timedelta(seconds=1)
    assert ">over</time>" in draw('{{ ui.countdown(d, "over") }}', d=past)


def test_a_sold_out_product_says_so_instead_of_its_line() -> None:
    card = ProductCard("/p", "Cup", None, PRICE, sub="Kiln", sold_out=True)
    html = draw("{{ ui.product_card(p) }}", p=card)
    assert "Sold out" in html
    assert "Kiln" not in html


def test_staged_pictures_come_back_with_a_refused_form() -> None:
    staged = [{"token": "t1", "thumb_url": "/t.webp", "name": "cup.jpg"}]
    html = draw(
        '{{ ui.upload("pictures", "/up", "Pictures", staged=s, error="Too few") }}', s=staged
    )
    assert '<input type="hidden" name="pictures" value="t1">' in html
    assert 'id="pictures-error"' in html


@pytest.mark.parametrize("page", ["parts", "feed", "product", "studio", "checkout", "problem"])
@pytest.mark.parametrize("lang", ["en", "zh-hans", "zh-hant"])
def test_a_gallery_page_renders_without_styles(page: str, lang: str) -> None:
    answer = Client().get("/_ui/", {"page": page, "lang": lang, "theme": "dark"})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert 'data-theme="dark"' in html
    assert re.search(r'<html lang="(en|zh-hans|zh-hant)"', html)
    assert " style=" not in re.sub(r'src="data:[^"]*"', "", html)
    assert len(re.findall(r"<h1", html)) == 1
    assert len(re.findall(r"<main", html)) == 1


def test_an_unknown_gallery_page_is_absent() -> None:
    assert Client().get("/_ui/", {"page": "../base"}).status_code == 404


def test_a_page_for_a_visitor_carries_no_form_token() -> None:
    answer = Client().get("/_ui/", {"page": "product"})
    assert b"csrfmiddlewaretoken" not in answer.content
    assert "banyan_csrf" not in answer.cookies


def test_every_drawing_that_a_page_names_is_there() -> None:
    """One that is missing is seen where a list is empty, which no page of a demo is."""
    from pathlib import Path

    import banyan.web

    web = Path(banyan.web.__file__).parent
    named: set[str] = set()
    for page in web.rglob("*.html"):
        text = page.read_text()
        named |= set(re.findall(r'ui\.empty\((?:_\("[^"]*"\)|\w+)(?:, drawing=|, )"(\w+)"', text))
    assert len(named) > 3
    assert named <= {drawing.stem for drawing in (web / "ui/jinja2/ui/drawings").glob("*.svg")}
