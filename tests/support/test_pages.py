"""The reader of pages notices what must never be in one."""

from __future__ import annotations

import pytest

from tests.support.pages import Page


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<p style="color:red">x</p>', "inline style"),
        ("<script>x</script>", "inline script"),
        ('<a href="/" onclick="x">x</a>', "handler"),
        ('<img src="/x">', "no alt"),
        ('<p id="a">x</p><p id="a">y</p>', "id twice"),
        ('<a href="#there">x</a>', "no such fragment"),
        ("<section><h2>Orders</h2></section>", "empty section"),
        ("<section><h2>Orders</h2><ul></ul></section>", "empty list"),
        ('<a href="/"></a>', "nothing in it"),
        ("<div><p>x</p></div></div>", "ended, never begun: div"),
        ("<section><div>x</section>", "not ended before </section>: div"),
        ("<p><div>x</div></p>", "div in a paragraph"),
        ("<p>&lt;built-in method keys of dict object at 0x7f&gt;</p>", "an object"),
    ],
)
def test_the_reader_notices(html: str, fault: str) -> None:
    sound = "<title>x</title><section><h2>Orders</h2><p>none</p></section>"
    assert Page(sound).faults == []
    assert any(found.startswith(fault) for found in Page(sound + html).faults)
