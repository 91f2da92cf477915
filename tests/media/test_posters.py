"""Words fit, codes scan, and no box stands where a letter should."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import segno
import zxingcpp
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from PIL import Image as Pil
from PIL import ImageChops
from pytest_django import Settings

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.media import actions, fonts, lettering, posters, qr, store
from tests.media.samples import noise, photo, saved

URL = "https://shop.example.com/s/abcDEFGH23456789"
TEXTS = st.text(st.sampled_from("ab cdé WM,.()手工陶瓷茶壶，。（）「」"), max_size=60)


def wide(size: int) -> lettering.Measure:
    """Measure as a typewriter does: Chinese characters are twice as wide."""
    return lambda text: sum(size * (2 if ord(letter) > 0x2E80 else 1) for letter in text)


def share(**changes: object) -> posters.Share:
    """Return a share with everything on it."""
    values: dict[str, object] = {
        "title": "手工陶瓷茶壶，适合两个人的下午茶",
        "url": URL,
        "price": "CN¥128.00",
        "picture": photo(900, 1200),
        "sharer": "Ana 林",
        "face": photo(200, 200, 4),
        "line": "分享给你",
        "hint": "扫一扫",
        "language": "zh-hans",
    }
    return posters.Share(**values | changes)  # type: ignore[arg-type]


def opened(data: bytes) -> Pil.Image:
    """Return the picture of some bytes."""
    return Pil.open(io.BytesIO(data)).convert("RGB")


@given(TEXTS, st.integers(1, 40))
def test_wrapping_loses_nothing_and_keeps_the_width(text: str, width: int) -> None:
    lines = lettering.wrap(text, width, wide(1))
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(wide(1)(line) <= width or len(line) == 1 for line in lines)


@given(TEXTS)
def test_units_are_the_text(text: str) -> None:
    assert "".join(lettering.units(text)) == text


def test_chinese_breaks_between_characters_but_never_before_a_comma() -> None:
    assert lettering.wrap("手工陶瓷，茶壶", 8, wide(1)) == ["手工陶", "瓷，茶壶"]
    assert lettering.wrap("茶壶（两人）", 6, wide(1)) == ["茶壶", "（两", "人）"]
    assert lettering.wrap("a teapot for two", 8, wide(1)) == ["a teapot", "for two"]
    assert lettering.wrap("https://long", 5, wide(1)) == ["https", "://lo", "ng"]


@given(TEXTS, st.integers(20, 200), st.integers(1, 4))
def test_the_largest_size_that_fits_is_found(text: str, width: int, lines: int) -> None:
    """Brute force over all sizes agrees with the search."""
    found = lettering.fit(text, width=width, lines=lines, measure_at=wide, smallest=3, largest=30)
    fitting = [s for s in range(3, 31) if len(lettering.wrap(text, width, wide(s))) <= lines]
    assert found.cut == (not fitting)
    assert found.size == max(fitting, default=3)
    assert len(found.lines) <= lines
    if found.cut:
        assert found.lines[-1].endswith("…")
        assert wide(3)(found.lines[-1]) <= width


def test_real_letters_fit_at_the_found_size_and_not_at_the_next() -> None:
    face = fonts.typeface("zh-hans")
    text = "手工陶瓷茶壶，适合两个人的下午茶 Handmade teapot for two, pours without a drop"
    found = lettering.fit(
        text, width=600, lines=2, measure_at=face.measure, smallest=10, largest=90
    )
    assert 10 < found.size < 90
    assert all(face.measure(found.size)(line) <= 600 for line in found.lines)
    assert len(lettering.wrap(text, 600, face.measure(found.size + 1))) > 2


def test_a_poster_has_its_size_and_its_code_scans() -> None:
    picture = opened(posters.draw_poster(share()))
    assert picture.size == posters.POSTER
    [code] = zxingcpp.read_barcodes(picture)
    assert code.text == URL
    # ... and as a chat shows it, half as wide and pressed again:
    small = picture.resize((375, 667), Pil.Resampling.BICUBIC)
    [code] = zxingcpp.read_barcodes(opened(saved(small, quality=60)))
    assert code.text == URL


@pytest.mark.parametrize("host", ["a.cn", "shop.a-rather-long-name-of-a-market.example.com"])
def test_codes_of_short_and_long_addresses_scan(host: str) -> None:
    url = f"https://{host}/s/abcDEFGH23456789"
    [code] = zxingcpp.read_barcodes(opened(posters.draw_poster(share(url=url))))
    assert code.text == url


def test_a_poster_without_pictures_or_names_still_scans() -> None:
    bare = posters.Share(title="", url=URL)
    [code] = zxingcpp.read_barcodes(opened(posters.draw_poster(bare)))
    assert code.text == URL


def test_preview_cards_stay_under_their_limit_even_with_noise() -> None:
    card = posters.draw_card(share(picture=noise(900, 900)))
    assert opened(card).size == (1200, 630)
    assert len(card) < 300 * 1024
    square = posters.draw_square(share(picture=noise(900, 900)))
    assert opened(square).size == (400, 400)
    assert opened(posters.draw_square(share(picture=None))).size == (400, 400)


def test_codes_alone_are_large_and_quiet() -> None:
    image = opened(qr.qr_png(URL))
    assert image.width == image.height >= 480
    dark = ImageChops.invert(image).getbbox()
    modules = segno.make(URL, error="m", boost_error=False).symbol_size(border=0)[0]
    module = image.width // (modules + 8)
    assert dark == (4 * module, 4 * module, image.width - 4 * module, image.width - 4 * module)
    [code] = zxingcpp.read_barcodes(image)
    assert (code.text, code.ec_level) == (URL, "M")
    drawn = qr.qr_svg(URL)
    assert drawn.startswith("<svg")
    assert "style=" not in drawn
    assert "viewBox" in drawn


def test_chinese_is_drawn_where_a_font_for_it_exists() -> None:
    if not fonts.has_chinese():
        pytest.skip("no font with Chinese characters on this machine")
    face = fonts.typeface("zh-hans")
    text = "茶壶 Tee é € CN¥"
    assert face.shown(text) == text
    assert fonts.draws(fonts.typeface("zh-hant").bold, "壺")
    with_title = opened(posters.draw_poster(share()))
    without = opened(posters.draw_poster(share(title="")))
    assert ImageChops.difference(with_title, without).getbbox() is not None


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_every_letter_that_is_drawn_has_a_glyph(language: str) -> None:
    face = fonts.typeface(language)
    text = "Ana 林 shares 分享 \U0001f375 \ue000 \U00013000 ️ é"
    kept = face.shown(text)
    for bold, file in ((False, face.regular), (True, face.bold)):
        shown = face.shown(text, bold=bold)
        assert all(letter == " " or fonts.draws(file, letter) for letter in shown)
    assert "\ue000" not in kept
    assert "\U00013000" not in kept
    assert kept.startswith("Ana ")


def test_without_a_font_no_boxes_stand_for_chinese(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "KNOWN", {True: (), False: ()})
    monkeypatch.setattr("banyan.media.fonts.shutil.which", lambda name: None)
    settings.CJK_FONT = ""
    fonts.typeface.cache_clear()
    try:
        assert not fonts.has_chinese()
        assert fonts.typeface("zh-hans").shown("Ana 林 茶壶") == "Ana"
        chinese = opened(posters.draw_poster(share(sharer="", face=None)))
        empty = opened(posters.draw_poster(share(sharer="", face=None, title="", line="", hint="")))
        assert ImageChops.difference(chinese, empty).getbbox() is None
        [code] = zxingcpp.read_barcodes(chinese)
        assert code.text == URL
    finally:
        fonts.typeface.cache_clear()


def test_a_named_font_comes_first_and_a_wrong_name_does_no_harm(settings: Settings) -> None:
    if not fonts.has_chinese():
        pytest.skip("no font with Chinese characters on this machine")
    path = fonts.typeface("zh-hans").regular.path
    settings.CJK_FONT = path
    assert fonts.typeface("zh-hans").bold.path == path
    settings.CJK_FONT = "/nowhere/font.ttf"
    assert fonts.typeface("zh-hans").regular.path == path


@given(st.text(max_size=80), st.text(max_size=30))
@profile(max_examples=25, deadline=None)
def test_any_title_can_be_drawn(title: str, name: str) -> None:
    card = posters.draw_card(posters.Share(title=title, url=URL, sharer=name))
    assert opened(card).size == posters.CARD


def test_the_same_inputs_are_drawn_once() -> None:
    drawn: list[int] = []

    def draw() -> bytes:
        drawn.append(1)
        return b"picture"

    inputs = {"title": "A", "price": "1"}
    assert actions.drawn_once(inputs=inputs, draw=draw) == b"picture"
    assert actions.drawn_once(inputs=inputs, draw=draw) == b"picture"
    assert len(drawn) == 1
    actions.drawn_once(inputs=inputs | {"price": "2"}, draw=draw)
    assert len(drawn) == 2


def test_cards_of_past_months_are_swept() -> None:
    sweeper = Actor.system("sweep")
    assert actions.sweep_cards(actor=sweeper) == 0
    for month in (1, 2, 3):
        with clock.at(dt.datetime(2025, month, 9, tzinfo=dt.UTC)):
            actions.drawn_once(inputs={}, draw=lambda: b"x")
    with clock.at(dt.datetime(2025, 3, 31, tzinfo=dt.UTC)):
        assert actions.sweep_cards(actor=sweeper) == 1
    assert set(store.public().listdir("cards")[0]) >= {"2025-02", "2025-03"}
    assert store.public().listdir("cards/2025-01")[1] == []
