"""A guest inside WeChat agrees on WeChat's own page and gets one message there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from banyan.kernel import clock
from banyan.notify import actions
from banyan.notify.models import Message, Reminder
from banyan.notify.senders import Letter, NotSent
from banyan.notify.wechat import WechatSender
from banyan.sales import actions as sales
from banyan.sales.models import Sale
from tests.gateways import wechat_notices
from tests.gateways.wechat_notices import Notices
from tests.sales.scene import coming

pytestmark = pytest.mark.django_db
IN_WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0.40"
OPENID = "oABC-1_x"


@pytest.fixture
def notices(settings: Any) -> Iterator[Notices]:
    """A gateway of WeChat's that we are known to."""
    with wechat_notices.running(appid="wx1", secret="s", template="T-1") as found:
        settings.WECHAT_APPID, settings.WECHAT_APP_SECRET = "wx1", "s"
        settings.WECHAT_NOTICE_TEMPLATE = "T-1"
        settings.WECHAT_IDENTITY_URL = found.url
        cache.clear()
        yield found


def phone() -> Client:
    """Return the browser inside WeChat."""
    return Client(headers={"user-agent": IN_WECHAT})


def ask(browser: Client, sale: Sale) -> str:
    """Press "Tell me in WeChat"; return the page that asks."""
    answer = browser.post(reverse("sale_remind", args=[sale.pk]), {"wechat": "1"})
    assert answer.status_code == 302
    return str(answer["Location"])


def come_back(browser: Client, address: str) -> Any:
    """Follow WeChat's way back."""
    parts = urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}")


def test_whoever_agrees_gets_one_message_with_the_way_to_the_sale(
    notices: Notices, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://shop.example"
    sale, browser = coming(), phone()
    page = browser.get(reverse("sale", args=[sale.pk])).content.decode()
    assert 'name="wechat"' in page

    back = notices.agree(ask(browser, sale), OPENID)
    assert "Noted" in come_back(browser, back).content.decode()
    with clock.at(sale.starts_at):
        assert sales.tell_starting() == 1
        assert actions.deliver_due() == 1

    got = notices.received[0]
    assert got["touser"] == OPENID
    assert got["url"] == f"https://shop.example/sale/{sale.pk}"
    assert "You asked us to tell you" in got["data"]["content"]["value"]
    assert notices.consents == set()


def test_a_no_and_a_forged_way_back_note_nothing(notices: Notices) -> None:
    sale, browser = coming(), phone()
    page = ask(browser, sale)
    come_back(browser, notices.agree(page, OPENID, "cancel"))
    assert not Reminder.objects.exists()

    back = notices.agree(page, OPENID)
    assert come_back(phone(), back).status_code == 404, "another browser did not ask"
    assert come_back(browser, back.replace("reserved=sale", "reserved=back")).status_code == 404
    assert browser.get(reverse("remind_wechat")).status_code == 404
    assert not Reminder.objects.exists()


def test_elsewhere_there_is_no_such_button(notices: Notices) -> None:
    sale = coming()
    assert 'name="wechat"' not in Client().get(reverse("sale", args=[sale.pk])).content.decode()
    answer = Client().post(reverse("sale_remind", args=[sale.pk]), {"wechat": "1"})
    assert answer.status_code == 422
    assert not Reminder.objects.exists()


def test_without_a_template_it_is_not_offered(notices: Notices, settings: Any) -> None:
    settings.WECHAT_NOTICE_TEMPLATE = ""
    page = phone().get(reverse("sale", args=[coming().pk])).content.decode()
    assert 'name="wechat"' not in page


def letter(subject: str = "It begins", body: str = "Now") -> Letter:
    """Return a letter to somebody who agreed in scene 7."""
    return Letter(f"7:{OPENID}", subject, body, "https://shop.example/sale/1")


def test_a_stale_token_is_asked_for_again(notices: Notices) -> None:
    notices.consents = {("7", OPENID)}
    WechatSender().send(letter())
    notices.consents = {("7", OPENID)}
    notices.forget_token()
    WechatSender().send(letter())
    assert len(notices.received) == 2


def test_long_texts_are_cut_to_what_wechat_takes(notices: Notices) -> None:
    notices.consents = {("7", OPENID)}
    WechatSender().send(letter("很" * 40, "长" * 400))
    assert len(notices.received[0]["title"]) == 15


def test_without_consent_trying_again_cannot_help_and_a_dead_gateway_can(
    notices: Notices, settings: Any
) -> None:
    with pytest.raises(NotSent) as refused:
        WechatSender().send(letter())
    assert refused.value.lasting
    settings.WECHAT_IDENTITY_URL = "http://127.0.0.1:9"
    cache.clear()
    with pytest.raises(NotSent) as unreachable:
        WechatSender().send(letter())
    assert not unreachable.value.lasting
    assert not Message.objects.exists()
