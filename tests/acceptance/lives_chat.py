"""Whole lives of rooms and threads, for ``test_whole_life``."""

from __future__ import annotations

from typing import Any

from banyan.chat import actions as chat
from banyan.chat.models import Thread
from banyan.kernel import relay
from banyan.people.models import Account
from tests.support import factories as make

HELLO = chat.Words("Hello.")


def of_chat(settings: Any) -> None:
    """Strangers who are let in, at once or after all; a shop that answers, ends and goes on."""
    let_in = _asked(make.member(), host := make.member())
    chat.accept(actor=make.actor(host), room_id=let_in)
    turned_away = _asked(make.member(), host)
    chat.decline(actor=make.actor(host), room_id=turned_away)
    chat.accept(actor=make.actor(host), room_id=turned_away)
    _a_threads_life()
    relay.drain()


def _asked(stranger: Account, host: Account) -> int:
    """Return the room of a stranger's first word."""
    said = chat.write_to(actor=make.actor(stranger), account_id=host.pk, words=HELLO)
    return said.room_id


def _a_threads_life() -> None:
    shop, buyer = make.shop(), make.actor(make.member())
    boss = make.actor(shop.owner)

    def ask() -> None:
        chat.ask_shop(actor=buyer, shop_id=shop.pk, words=HELLO)

    def answer() -> None:
        chat.answer_buyer(actor=boss, shop_id=shop.pk, thread_id=thread.pk, words=HELLO)

    def finish() -> None:
        chat.finish(actor=boss, shop_id=shop.pk, thread_id=thread.pk)

    ask()
    thread = Thread.objects.get(shop=shop)
    for act in (answer, ask, answer, finish, ask, finish, answer):
        act()
