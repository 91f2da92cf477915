"""Row 39: files with limited downloads and licence keys that are never handed out twice."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from banyan.delivery.models import Download, Grant, LicenceKey
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.ledger.proof import verify
from banyan.notify.models import Message
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Order, OrderRefund
from banyan.payments import jobs
from banyan.payments.rules import LAST_WORD
from tests.delivery.stall import Buyer, Stall, deliver, file_link, shown_keys
from tests.sandbox.driver import wait_for
from tests.support.recount import recount
from tests.support.sandbox import Receiver, Sandbox
from tests.support.threads import run_at_once

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Receiver]:
    receiver = Receiver()
    settings.PUBLIC_URL = receiver.url.removesuffix("/hooks/sandbox")
    yield receiver
    receiver.close()


def settle() -> None:
    """Let the worker do all that waits."""
    for _ in range(3):
        relay.drain()
        jobs.run_sweep()


def gateway_refunded(sandbox: Sandbox, ref: str) -> int:
    """Return what the gateway sent back, once it has settled what is under way."""
    wait_for(lambda: sandbox.api.payment({"id": ref})["refunding"] == 0)
    return int(sandbox.api.payment({"id": ref})["refunded"])


def body(answer: Any) -> bytes:
    """Return all of a file's answer."""
    return b"".join(answer.streaming_content)


@pytest.mark.django_db
def test_row_39_one_key_left_two_buyers_pay(sandbox: Sandbox) -> None:
    stall = Stall()
    product, variant = stall.keyed("AAAA-1111", "BBBB-2222")
    ana, ben = Buyer(sandbox, "ana@example.com"), Buyer(sandbox, "ben@example.com")
    assert ana.places(variant).status_code == 302
    assert ben.places(variant).status_code == 302
    # one of the two keys turns out to be used elsewhere, and the shop withdraws it
    pool = stall.browser.get(f"{stall.studio}/goods/{product}/delivery").content.decode()
    assert "AAAA" not in pool
    assert "BBBB" not in pool
    key = re.findall(rf'action="({stall.studio}/keys/\d+)"', pool)[-1]
    gone = stall.browser.post(key, {"do": "withdraw", "reason": "used elsewhere"})
    assert gone.status_code == 302

    assert shown_keys(ana.pays()) == ["BBBB-2222"]
    first = ben.pays()
    settle()

    # the other is told, and the money goes back without anybody's doing
    assert shown_keys(first) == []
    assert "There was none left when your payment arrived" in first
    refund = OrderRefund.objects.get()
    assert refund.order.checkout.contact_email == "ben@example.com"
    assert (refund.amount, refund.reason) == (
        5_000,
        "There was none left when your payment arrived.",
    )
    assert "Refund of CN¥50.00" in ben.looks()
    assert Message.objects.filter(kind="order.refunded", destination="ben@example.com").exists()
    assert gateway_refunded(sandbox, ben.ref) == 5_000
    assert gateway_refunded(sandbox, ana.ref) == 0
    assert shown_keys(ana.looks()) == ["BBBB-2222"]
    # and nobody else is promised one
    assert Buyer(sandbox).places(variant).status_code == 409
    assert LicenceKey.objects.filter(state="taken").count() == 1
    assert verify().clean
    assert recount() == {}


@pytest.mark.django_db
def test_row_39_the_last_key_is_promised_once_and_late_money_goes_back(sandbox: Sandbox) -> None:
    stall = Stall()
    _product, variant = stall.keyed("ONLY-0001")
    ana, ben = Buyer(sandbox, "ana@example.com"), Buyer(sandbox, "ben@example.com")
    assert ana.places(variant).status_code == 302

    refused = ben.places(variant)
    assert refused.status_code == 409
    assert "just sold out" in refused.content.decode()

    # Ana hesitates until her reservation is over; Ben buys, and then her money comes
    late = Checkout.objects.get().expires_at + LAST_WORD
    with clock.at(late):
        orders.expire_due(actor=Actor.system("test"))
    assert shown_keys(ben.buys(variant)) == ["ONLY-0001"]
    page = ana.pays()
    settle()
    assert shown_keys(page) == []
    assert LicenceKey.objects.get().state == "taken"
    assert recount() == {}


@pytest.mark.django_db
def test_row_39_the_same_message_five_times_gives_one_key(
    sandbox: Sandbox, mailbox: Receiver
) -> None:
    stall = Stall()
    _product, variant = stall.keyed("AAAA-1111", "BBBB-2222", "CCCC-3333")
    buyer = Buyer(sandbox)
    buyer.places(variant)
    sandbox.pay(buyer.ref)
    (hook, *_rest) = mailbox.wait(1)

    assert [deliver(hook) for _ in range(5)] == [200] * 5
    settle()
    settle()

    assert LicenceKey.objects.filter(state="taken").count() == 1
    checkout = Checkout.objects.get()
    assert shown_keys(Client().get(f"/o/{checkout.access_token}").content.decode()) == ["AAAA-1111"]
    assert Message.objects.filter(kind="delivery.ready").count() == 1
    assert checkout.orders.get().state == "received"
    assert recount() == {}


@pytest.mark.django_db
def test_row_39_a_bought_file_is_fetched_so_often_and_no_more(sandbox: Sandbox) -> None:
    stall = Stall()
    _product, variant = stall.filed(b"la la la", downloads=2)
    buyer = Buyer(sandbox)
    assert 'name="recipient"' not in buyer.form(variant)
    page = buyer.buys(variant)
    assert "2 downloads left" in page
    link = file_link(page)

    # looking is free, taking counts; what comes is an attachment with a tame name
    assert buyer.browser.get(link).status_code == 200
    answer: Any = buyer.browser.post(link)
    assert answer.status_code == 200
    assert body(answer) == b"la la la"
    assert answer["Content-Disposition"] == 'attachment; filename="my song.mp3"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert "no-store" in answer["Cache-Control"]
    body(buyer.browser.post(link))
    refused = buyer.browser.post(link)

    assert refused.status_code == 409
    assert "All downloads of this purchase are used up" in refused.content.decode()
    assert Download.objects.count() == 2
    # nobody gets it without the link, with a forged one, or with one that is too old
    forged = link[:-1] + ("A" if link[-1] != "A" else "B")
    assert Client().post(forged).status_code == 404
    stored = Grant.objects.get().product.files.get().stored
    assert Client().get(f"/media/{stored}").status_code == 404
    # the shop sees how often it was fetched, and may allow one more
    order = Order.objects.get()
    room = stall.browser.get(f"{stall.studio}/orders/{order.pk}").content.decode()
    assert "2 of 2 downloads used" in room
    more = f"{stall.studio}/orders/{order.pk}/downloads/{Grant.objects.get().pk}"
    assert more in room
    assert stall.hires("Mei").post(more).status_code == 404
    assert stall.browser.post(more).status_code == 302
    assert body(buyer.browser.post(link)) == b"la la la"
    assert buyer.browser.post(link).status_code == 409
    assert recount() == {}


@pytest.mark.django_db
def test_row_39_an_old_link_leads_back_to_the_order(sandbox: Sandbox, monkeypatch: Any) -> None:
    stall = Stall()
    _product, variant = stall.filed(b"la")
    buyer = Buyer(sandbox)
    link = file_link(buyer.buys(variant))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3700)
    answer = buyer.browser.post(link)
    monkeypatch.undo()
    assert answer.status_code == 409
    assert "open your order again" in answer.content.decode()
    assert Download.objects.count() == 0


@pytest.mark.usefixtures("threaded_db")
def test_row_39_two_downloads_race_for_the_last_one(sandbox: Sandbox) -> None:
    stall = Stall()
    _product, variant = stall.filed(b"la la la", downloads=1)
    buyer = Buyer(sandbox)
    link = file_link(buyer.buys(variant))

    def fetch() -> int:
        answer: Any = Client().post(link)
        if answer.status_code == 200:
            assert body(answer) == b"la la la"
        return int(answer.status_code)

    assert sorted(run_at_once(*[fetch] * 4)) == [200, 409, 409, 409]
    assert Download.objects.count() == 1
    assert Grant.objects.get().used == 1


@pytest.mark.django_db
def test_row_39_a_look_at_a_key_leaves_a_row(sandbox: Sandbox) -> None:
    stall = Stall()
    product, _variant = stall.keyed("SECRET-KEY-1")
    pool = stall.browser.get(f"{stall.studio}/goods/{product}/delivery").content.decode()
    (address,) = set(re.findall(rf'action="({stall.studio}/keys/\d+)"', pool))
    key = LicenceKey.objects.get()
    assert b"SECRET" not in bytes(key.sealed)

    seen = stall.browser.post(address).content.decode()

    assert "SECRET-KEY-1" in seen
    entry = AuditEntry.objects.get(action="key.view")
    assert (entry.subject_id, entry.actor_id) == (key.pk, stall.shop.owner_id)
    # a clerk, another shop and a passer-by see nothing, and that leaves no row either
    for stranger in (stall.hires("Mei"), Stall().browser):
        assert stranger.post(address).status_code == 404
    assert Client().post(address).status_code in {302, 401}
    assert AuditEntry.objects.filter(action="key.view").count() == 1
    # a key that the shop had before is refused, with its line and nothing else
    twice = stall.says(product, do="keys", keys="NEW-1\nSECRET-KEY-1")
    assert twice.status_code == 422
    assert "Lines: 2" in twice.content.decode()
    assert LicenceKey.objects.count() == 1


# -- kill -9 --------------------------------------------------------------------------------------

_CHILD = """
import os, signal, sys
import django
django.setup()
from django.db import connection, transaction
from django.test import Client
from banyan.delivery.actions import handing_over, keys
from tests.delivery.stall import deliver
from tests.sandbox.driver import Hook
import pickle
hook = pickle.loads(bytes.fromhex(sys.argv[1]))
def die(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
{plan}
deliver(hook)
die()
"""
# While the key is taken but nothing is committed; when all is committed and nothing was delivered.
_INSIDE = """
real = handing_over.take_keys
def take_and_die(**how):
    assert real(**how) == 1
    die()
handing_over.take_keys = take_and_die
"""


def killed(plan: str, hook: Any, settings: Any) -> None:
    """Hand a message to a process of its own, which kill -9 ends at the planned moment."""
    import pickle

    name = connection.settings_dict["NAME"]
    address = re.sub(r"/postgres(?=\?|$)", f"/{name}", os.environ["DATABASE_URL"])
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            textwrap.dedent(_CHILD).replace("{plan}", plan),
            pickle.dumps(hook).hex(),
        ],
        cwd=ROOT,
        env=os.environ
        | {
            "DATABASE_URL": address,
            "SANDBOX_URL": settings.SANDBOX_URL,
            "SANDBOX_API_KEY": settings.SANDBOX_API_KEY,
            "SANDBOX_SECRET": settings.SANDBOX_SECRET,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-3000:]


@pytest.mark.usefixtures("threaded_db")
def test_row_39_kill_between_allocation_and_delivery_loses_nothing(
    sandbox: Sandbox, mailbox: Receiver, settings: Any
) -> None:
    stall = Stall()
    _product, variant = stall.keyed("AAAA-1111", "BBBB-2222")
    buyer = Buyer(sandbox)
    buyer.places(variant)
    sandbox.pay(buyer.ref)
    (hook, *_rest) = mailbox.wait(1)
    checkout = Checkout.objects.get()

    def page() -> str:
        return str(Client().get(f"/o/{checkout.access_token}").content.decode())

    killed(_INSIDE, hook, settings)
    assert LicenceKey.objects.filter(state="taken").count() == 0, "nothing half done"
    assert shown_keys(page()) == []

    killed("", hook, settings)
    assert LicenceKey.objects.filter(state="taken").count() == 1
    assert Message.objects.filter(kind="delivery.ready").count() == 0, "not delivered yet"
    assert shown_keys(page()) == ["AAAA-1111"]

    assert deliver(hook) == 200
    settle()
    settle()
    assert shown_keys(page()) == ["AAAA-1111"]
    assert LicenceKey.objects.filter(state="taken").count() == 1
    assert Message.objects.filter(kind="delivery.ready").count() == 1
    assert checkout.orders.get().state == "received"
    assert recount() == {}
