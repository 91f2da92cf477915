"""The intended action resumes in whichever browser finishes the sign-in."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import signing
from django.test import Client

from banyan.people import ports
from banyan.people.models import Account, Follow
from banyan.sharing.visitors import VISITOR_COOKIE, new_visitor, sign_visitor
from banyan.web.cookies import CART
from tests.support.factories import member
from tests.web.people.driver import ask, latest_code, post, who

pytestmark = pytest.mark.django_db

WEBVIEWS = {
    "wechat": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
    "like Gecko) Mobile/15E148 MicroMessenger/8.0.49 NetType/WIFI Language/zh_CN",
    "instagram": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/124.0 Mobile Safari/537.36 Instagram 330.0.0.40.92 Android",
    "facebook": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Mobile/21E219 [FBAN/FBIOS;FBAV/459.0.0.31.107;FBDV/iPhone15,2]",
}
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
)


def browser(agent: str) -> Client:
    """Return a browser with cookies of its own and the checks of a real one."""
    return Client(enforce_csrf_checks=True, headers={"user-agent": agent})


def begin(client: Client) -> str:
    """Tap follow as a visitor and ask for a code; return the page that takes it."""
    member("ben")
    to_login = client.get("/people/ben/follow")["Location"]
    page = client.get(to_login)
    assert page.status_code == 200
    intent = to_login.partition("intent=")[2]
    return ask(client, "ana@example.com", intent=intent, next="/@ben")


def finish(client: Client, page: str) -> str:
    """Type the code; return where the browser ends up."""
    response: Any = post(client, page, {"code": latest_code("ana@example.com")})
    assert response.status_code == 302, response.content.decode()
    return str(client.get(response["Location"])["Location"])


def assert_followed(client: Client) -> None:
    """The act is done, once, by the account that this browser is signed in to."""
    follow = Follow.objects.get()
    assert follow.followee.handle == "ben"
    assert who(client) == follow.follower


@pytest.mark.parametrize("agent", WEBVIEWS.values(), ids=WEBVIEWS.keys())
def test_the_act_resumes_in_the_same_webview(agent: str) -> None:
    webview = browser(agent)
    page = begin(webview)
    assert finish(webview, page) == "/@ben"
    assert_followed(webview)


@pytest.mark.parametrize("agent", WEBVIEWS.values(), ids=WEBVIEWS.keys())
def test_the_act_resumes_although_the_cookie_jar_was_emptied(agent: str) -> None:
    webview = browser(agent)
    page = begin(webview)
    assert webview.get(page).status_code == 200
    webview.cookies.clear()
    assert finish(webview, page) == "/@ben"
    assert_followed(webview)


@pytest.mark.parametrize("agent", WEBVIEWS.values(), ids=WEBVIEWS.keys())
def test_the_act_resumes_in_another_browser_by_the_short_address(agent: str) -> None:
    webview, safari = browser(agent), browser(SAFARI)
    page = begin(webview)
    short = f"testserver{page}"
    assert short in webview.get(page).content.decode()
    assert len(page) <= len("/login/") + 12
    assert safari.get(page).status_code == 200

    assert finish(safari, page) == "/@ben"

    assert_followed(safari)
    assert who(webview) is None


def test_the_webview_left_behind_cannot_act_again() -> None:
    webview, safari = browser(WEBVIEWS["wechat"]), browser(SAFARI)
    page = begin(webview)
    code = latest_code("ana@example.com")
    finish(safari, page)
    Follow.objects.all().delete()

    response = post(webview, page, {"code": code})

    assert response.status_code == 422
    assert who(webview) is None
    assert not Follow.objects.exists()


def test_the_short_address_without_the_code_opens_nothing() -> None:
    webview, stranger = browser(WEBVIEWS["wechat"]), browser(SAFARI)
    page = begin(webview)
    shown = stranger.get(page).content.decode()
    assert "ana@example.com" not in shown
    assert post(stranger, page, {"code": "000000"}).status_code == 422
    assert who(stranger) is None


@pytest.mark.parametrize("agent", WEBVIEWS.values(), ids=WEBVIEWS.keys())
def test_cart_and_visitor_of_the_webview_are_joined_where_the_sign_in_finishes(
    agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined: list[tuple[int, str | None, str]] = []

    def hook(*, account: Account, visitor: str | None, request_token: str) -> None:
        joined.append((account.pk, visitor, request_token))

    monkeypatch.setattr(ports, "on_sign_in", [hook])
    webview, safari = browser(agent), browser(SAFARI)
    name = new_visitor()
    webview.cookies[VISITOR_COOKIE] = sign_visitor(name)
    webview.cookies[CART] = signing.get_cookie_signer(salt=CART + "banyan.web").sign("cart-token")

    finish(safari, begin(webview))

    account = who(safari)
    assert account is not None
    assert joined[-1] == (account.pk, name, "cart-token")
