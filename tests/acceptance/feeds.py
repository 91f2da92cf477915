"""Reading a feed as somebody does who goes on and on."""

from __future__ import annotations

import re

from django.test import Client


def scroll(browser: Client, start: str, cards: int = 250) -> list[str]:
    """Return the titles of the first cards, by the link to more at the end of each page."""
    seen: list[str] = []
    url = start
    while len(seen) < cards:
        page = browser.get(url).content.decode()
        found = re.findall(r'class="post-title"><a href="[^"]+">([^<]+)<', page)
        assert len(found) == len(set(found))
        seen += found
        more = re.search(r'href="(\?(?:before|after)=[^"]+)"', page)
        if not more:
            break
        url = start + more.group(1).replace("&amp;", "&")
    return seen
