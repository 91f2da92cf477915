"""A page that needs an account leads to the sign-in and back to itself."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/orders", "/post?product=5", "/me/boards", "/earnings"])
def test_the_sign_in_that_a_page_asks_for_leads_back_to_it(path: str) -> None:
    answer = Client().get(path)
    expected = path.replace("/", "%2F").replace("?", "%3F").replace("=", "%3D")
    assert (answer.status_code, answer["Location"]) == (302, f"/login?next={expected}")
