"""The desk's home names what waits, for those whose work it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .cases import appealed, circle, disputed, outside_picture, permit, report
from .scene import as_staff

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("make_it_wait", "role", "other", "words", "where"),
    [
        (permit, "moderation", "support", "permit waits to be looked at", "permits/?state__exact="),
        (report, "moderation", "support", "report about a product waits", "reports/?state__exact="),
        (appealed, "moderation", "support", "appeal of a shop waits", "appeals/?state__exact="),
        (circle, "moderation", "support", "circle waits for a look", "circles/?state__exact="),
        (outside_picture, "moderation", "support", "picture from elsewhere waits", "outside"),
        (
            disputed,
            "support",
            "moderation",
            "dispute waits for a decision",
            "disputes/?state__exact=",
        ),
    ],
)
def test_what_waits_is_named_to_those_who_answer_it(
    make_it_wait: Callable[[], Any], role: str, other: str, words: str, where: str
) -> None:
    assert words not in as_staff(role).get("/desk/").content.decode()

    make_it_wait()

    page = as_staff(role).get("/desk/").content.decode()
    assert words in page
    assert f'href="/desk/{where}' in page
    assert words not in as_staff(other).get("/desk/").content.decode()
