"""Messages: worded by kind and language, sent once, after the commit, without their secret."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured

from banyan.kernel import clock
from banyan.notify import actions, senders
from banyan.notify.actions import messages
from banyan.notify.models import Message
from banyan.notify.senders import HttpSmsSender, Letter, NotSent
from tests.support.threads import run_concurrently


def queue(key: str = "k1", **options: Any) -> Message:
    """Queue a code for Ana."""
    values: dict[str, Any] = {
        "channel": "email",
        "destination": "ana@example.com",
        "kind": "people.code",
        "context": {"code": "123456", "minutes": 10},
        "language": "en",
        "key": key,
        "secret": "123456",
    }
    return actions.send(**values | options)


class Failing:
    """A sender that fails as long as it is told to."""

    def __init__(self, *errors: NotSent) -> None:
        self.errors = list(errors)
        self.sent: list[str] = []

    def send(self, letter: Letter) -> None:
        """See Sender."""
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append(letter.destination)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that makes a sender the only one."""

    def install(sender: Any) -> Any:
        monkeypatch.setattr(messages, "sender_for", lambda channel: sender)
        return sender

    return install


@pytest.mark.django_db
def test_an_urgent_message_leaves_after_the_commit_and_forgets_its_code(
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        queue(urgent=True)
        assert mail.outbox == []
    assert mail.outbox[0].to == ["ana@example.com"]
    assert mail.outbox[0].subject == "123456 is your Banyan code"
    assert "It works for 10 minutes." in mail.outbox[0].body
    assert "http" not in mail.outbox[0].body
    row = Message.objects.get()
    assert row.state == "sent"
    assert "123456" not in str([row.subject, row.body, row.secret])


@pytest.mark.django_db
def test_the_same_key_is_one_message() -> None:
    assert queue().pk == queue(destination="ben@example.com").pk
    assert actions.deliver_due() == 1
    assert actions.deliver_due() == 0
    assert len(mail.outbox) == 1


@pytest.mark.django_db
def test_a_gateway_that_lets_us_wait_ends_a_run_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue()
    queue(destination="ben@example.com", key="two")
    ticks = iter([0.0, 0.0, 100.0, 200.0, 200.0])
    monkeypatch.setattr(messages, "monotonic", lambda: next(ticks), raising=False)
    assert actions.deliver_due() == 1
    assert [one.to for one in mail.outbox] == [["ana@example.com"]]
    assert actions.deliver_due() == 1
    assert len(mail.outbox) == 2


@pytest.mark.django_db
def test_a_text_message_has_no_subject(use: Any) -> None:
    use(Failing())
    message = queue(channel="sms", destination="+8613800138000")
    assert message.subject == ""
    assert message.body.startswith("123456 is your Banyan code.")


@pytest.mark.django_db
def test_a_failed_message_is_tried_again_and_then_stays_visible(use: Any) -> None:
    sender = use(Failing(*[NotSent("gateway asleep")] * 9))
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    with clock.at(start):
        queue()
    for attempt in range(1, 6):
        with clock.at(start + dt.timedelta(hours=attempt)):
            assert actions.deliver_due() == 0
    row = Message.objects.get()
    assert (row.state, row.attempts, row.error) == ("failed", 5, "gateway asleep")
    assert "123456" not in row.body
    with clock.at(start + dt.timedelta(days=1)):
        assert actions.deliver_due() == 0
    assert len(sender.errors) == 4


@pytest.mark.django_db
def test_a_failure_waits_before_the_next_try_and_a_lasting_one_ends_at_once(use: Any) -> None:
    sender = use(Failing(NotSent("busy"), NotSent("no such number", lasting=True)))
    message = queue()
    assert not actions.deliver(message_id=message.pk)
    assert not actions.deliver(message_id=message.pk)
    assert len(sender.errors) == 1, "tried again before its time"
    with clock.at(clock.now() + dt.timedelta(minutes=2)):
        assert not actions.deliver(message_id=message.pk)
    assert Message.objects.get().state == "failed"


def test_two_workers_send_a_message_once(threaded_db: None, use: Any) -> None:
    sender = use(Failing())
    message = queue()
    results = run_concurrently(lambda: actions.deliver(message_id=message.pk), 6)
    assert sorted(results) == [False] * 5 + [True]
    assert sender.sent == ["ana@example.com"]


@pytest.mark.django_db
def test_an_order_link_names_the_order_and_the_whole_address(settings: Any) -> None:
    settings.PUBLIC_URL = "https://shop.example"
    message = queue(
        kind="order.link", context={"number": "B7K2", "path": "/o/abc"}, secret="", key="o"
    )
    assert message.subject == "Your order B7K2"
    assert message.body.endswith("https://shop.example/o/abc")
    settings.PUBLIC_URL, settings.LETTERS_URL = "", "http://127.0.0.1:8000"
    message = queue(
        kind="order.link", context={"number": "B7K2", "path": "/o/abc"}, secret="", key="p"
    )
    assert message.body.endswith("http://127.0.0.1:8000/o/abc"), "where there is no public one"


@pytest.fixture
def gateway() -> Iterator[tuple[str, list[tuple[str, Any]], list[int]]]:
    """A text message gateway: its address, what it was given, and how it will answer."""
    given: list[tuple[str, Any]] = []
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            given.append((self.headers["Authorization"], json.loads(body)))
            self.send_response(answers.pop(0) if answers else 202)
            self.send_header("Location", "/login")
            self.end_headers()

        def do_GET(self) -> None:
            given.append((self.headers["Authorization"], None))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/sms", given, answers
    server.shutdown()
    server.server_close()


def test_a_gateway_is_handed_number_and_text(gateway: Any, settings: Any) -> None:
    settings.SMS_URL, given, answers = gateway
    settings.SMS_TOKEN = "secret"
    sender = HttpSmsSender()
    sender.send(Letter("+8613800138000", "", "123456 你好"))
    assert given == [("Bearer secret", {"to": "+8613800138000", "text": "123456 你好"})]
    for status, lasting in ((500, False), (429, False), (400, True)):
        answers.append(status)
        with pytest.raises(NotSent) as failed:
            sender.send(Letter("+86", "", "x"))
        assert failed.value.lasting is lasting


def test_an_unreachable_gateway_is_worth_another_try(settings: Any) -> None:
    settings.SMS_URL, settings.SMS_TOKEN = "http://127.0.0.1:9/sms", ""
    with pytest.raises(NotSent) as failed:
        HttpSmsSender().send(Letter("+86", "", "x"))
    assert not failed.value.lasting


def test_the_console_shows_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    senders.ConsoleSender().send(Letter("ana@example.com", "Hello", "123456"))
    assert "To ana@example.com: Hello\n123456" in capsys.readouterr().out


def test_a_channel_without_a_sender_is_a_fault_of_the_set_up(settings: Any) -> None:
    settings.NOTIFY_SENDERS = {"email": ""}
    with pytest.raises(ImproperlyConfigured):
        senders.sender_for("email")


@pytest.mark.django_db
def test_a_sender_that_breaks_holds_up_no_other_message(use: Any) -> None:
    class Broken(Failing):
        def send(self, letter: Letter) -> None:
            if letter.destination.startswith("ana"):
                raise ValueError("an address that it cannot write")
            super().send(letter)

    sender = use(Broken())
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    with clock.at(start):
        queue()
        queue("k2", destination="ben@example.com")
        assert actions.deliver_due() == 1
    assert sender.sent == ["ben@example.com"]
    for hour in range(1, 6):
        with clock.at(start + dt.timedelta(hours=hour)):
            actions.deliver_due()
    row = Message.objects.get(key="k1")
    assert (row.state, row.attempts, row.error) == ("failed", 5, "ValueError")
    assert "123456" not in row.body


def test_a_gateway_that_leads_elsewhere_has_not_taken_the_message(
    gateway: Any, settings: Any
) -> None:
    settings.SMS_URL, given, answers = gateway
    settings.SMS_TOKEN = "secret"
    answers.append(302)
    with pytest.raises(NotSent):
        HttpSmsSender().send(Letter("+8613800138000", "", "123456"))
    assert len(given) == 1, "nobody else is shown the token"


def test_what_is_no_answer_at_all_is_worth_another_try(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"what?\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        settings.SMS_URL = f"http://127.0.0.1:{server.getsockname()[1]}/sms"
        settings.SMS_TOKEN = ""
        with pytest.raises(NotSent) as failed:
            HttpSmsSender().send(Letter("+86", "", "x"))
        thread.join(10)
    assert not failed.value.lasting
