"""Texts with links: whatever is written, nothing but our own links and paragraphs comes out."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.community.queries import Named
from banyan.web.shop.community.rich import drawn, line

NAMED = Named(people={"ana": "ana_new"}, topics=frozenset({"cup", "下午茶"}))


class Seen(HTMLParser):
    """What a browser would find."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data


def seen(markup: str) -> Seen:
    reader = Seen()
    reader.feed(markup)
    reader.close()
    return reader


PIECES = st.sampled_from(
    ["@ana", "@Ana ", "#cup", "#下午茶#", "https://a.example/?q=<b>", "javascript:alert(1)", "<",
     ">", '"', "'", "&lt;", "<script>", "<img src=x onerror=alert(1)>", "\n", "\n\n", " ", "http://u@b.cn/"]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=12), max_size=12).map("".join))
def test_nothing_but_paragraphs_and_links_comes_out(text: str) -> None:
    found = seen(drawn(text, NAMED))
    assert found.tags <= {"p", "br", "a"}
    assert found.attributes <= {"href", "rel"}
    for link in found.links:
        assert link in {"/@ana_new", "/t/cup", "/t/%E4%B8%8B%E5%8D%88%E8%8C%B6"} or (
            link.startswith(("http://", "https://")) and "@" not in link.split("/")[2]
        )


def test_what_is_named_is_linked_and_the_rest_is_not() -> None:
    text = "Hi @Ana and @ben, #Cup #nothing <b>bold</b> https://a.example/x."
    found = seen(line(text, NAMED))
    assert found.links == ["/@ana_new", "/t/cup", "https://a.example/x"]
    assert found.text == text
    markup = str(line("https://a.example/x", NAMED))
    assert 'rel="nofollow ugc noopener noreferrer"' in markup


@pytest.mark.parametrize("url", ["http://user@a.example/", "https://", "http://[::1/"])
def test_an_address_that_misleads_stays_a_text(url: str) -> None:
    assert seen(line(f"see {url} now", NAMED)).links == []
