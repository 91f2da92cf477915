"""The process: it survives kill -9, stays out of production, and knows nothing of Banyan."""

from __future__ import annotations

import ast
import http.client
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.driver import (
    ROOT,
    Client,
    Receiver,
    environment,
    payment_body,
    running,
    together,
    wait_for,
)


def attempt(state: Path, *options: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Try to start a gateway that is expected to refuse."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "0", "--state", str(state), *options],
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize("name", ["production", "Production ", "prod"])
def test_it_refuses_production(tmp_path: Path, name: str) -> None:
    result = attempt(tmp_path / "state.sqlite", BANYAN_ENV=name)

    assert result.returncode == 2
    assert "must not run in production" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "state.sqlite").exists()


@pytest.mark.parametrize("secret", ["secret", "whsec_", "whsec_!!", "whsec_c2hvcnQ="])
def test_it_refuses_a_secret_that_does_not_sign(tmp_path: Path, secret: str) -> None:
    result = attempt(tmp_path / "state.sqlite", SANDBOX_SECRET=secret)

    assert result.returncode == 2
    assert "SANDBOX_SECRET" in result.stderr


def test_it_refuses_a_foreign_state_file(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite").write_text("not a database " * 500)

    result = attempt(tmp_path / "state.sqlite")

    assert result.returncode == 2
    assert "cannot be used" in result.stderr


def test_a_second_process_on_the_same_state_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    with running(state) as gateway:
        result = attempt(state)

        assert result.returncode == 2
        assert "Is another sandbox running on it?" in result.stderr
        assert gateway.client.send("GET", "/healthz").status == 200


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with running(tmp_path / "one.sqlite") as gateway:
        result = attempt(tmp_path / "two.sqlite", "--port", str(gateway.port))

    assert result.returncode == 2
    assert f"cannot listen on port {gateway.port}" in result.stderr


def test_it_stops_cleanly_when_asked(tmp_path: Path) -> None:
    with running(tmp_path / "state.sqlite") as gateway:
        assert gateway.client.open()["status"] == "open"
        assert gateway.stop() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.sqlite"]


def test_keys_that_were_not_given_are_made_once(tmp_path: Path) -> None:
    printed = []
    for _ in range(2):
        with running(tmp_path / "s.sqlite", SANDBOX_API_KEY="", SANDBOX_SECRET="") as gateway:
            assert gateway.process.stdout is not None
            printed.append([gateway.process.stdout.readline() for _ in range(2)])

    assert printed[0] == printed[1]
    assert printed[0][0].startswith("sandbox: SANDBOX_API_KEY=sk_sandbox_")
    assert printed[0][1].startswith("sandbox: SANDBOX_SECRET=whsec_")


def test_the_public_address_is_used_for_pay_pages(tmp_path: Path) -> None:
    with running(tmp_path / "s.sqlite", SANDBOX_PUBLIC_URL="http://192.168.1.5:8002/") as gateway:
        payment = gateway.client.open()

    assert payment["pay_url"] == f"http://192.168.1.5:8002/pay/{payment['id']}"


def test_listed_hosts_replace_the_default(tmp_path: Path) -> None:
    with running(tmp_path / "s.sqlite", SANDBOX_WEBHOOK_HOSTS="Shop.Test, [::1]") as gateway:
        post = gateway.client.post
        assert post("/v1/payments", payment_body("http://shop.test/hook")).status == 201
        assert post("/v1/payments", payment_body("http://[::1]/hook")).status == 201
        assert post("/v1/payments", payment_body("http://127.0.0.1/hook")).status == 422


def test_webhooks_go_to_the_default_address_when_none_is_named(
    tmp_path: Path, shop: Receiver
) -> None:
    with running(tmp_path / "state.sqlite", SANDBOX_WEBHOOK_URL=shop.url) as gateway:
        payment = gateway.client.paid()

        (hook,) = shop.wait(1)

    assert hook.event["data"]["object"]["id"] == payment["id"]


def test_a_killed_gateway_delivers_what_it_owed(tmp_path: Path, shop: Receiver) -> None:
    with running(tmp_path / "state.sqlite") as gateway:
        shop.status = 503
        payment = gateway.client.paid(shop.url)
        shop.wait(1)
        gateway.client.post("/v1/test/settings", {"webhook_delay_ms": 1500})
        held = gateway.client.paid(shop.url)
        first_id = shop.hooks[0].headers["webhook-id"]

        gateway.kill()
        shop.hooks.clear()
        shop.status = 200
        gateway.start()

        hooks = shop.wait(2)
        wait_for(
            lambda: all(
                owed["state"] == "delivered"
                for event in gateway.client.get("/v1/events").json["data"]
                for owed in event["deliveries"]
            )
        )
    by_payment = {hook.event["data"]["object"]["id"]: hook for hook in hooks}
    assert by_payment.keys() == {payment["id"], held["id"]}
    assert by_payment[payment["id"]].headers["webhook-id"] == first_id


def test_a_killed_gateway_settles_what_was_pending(tmp_path: Path, shop: Receiver) -> None:
    with running(tmp_path / "state.sqlite", SANDBOX_SETTLE_MS="1500") as gateway:
        payment = gateway.client.paid(shop.url)
        shop.wait(1)
        refund = gateway.client.refund(payment, 900).json

        gateway.kill()
        gateway.start()

        # What was answered just before the end may be told twice.
        wait_for(lambda: any(hook.kind == "refund.succeeded" for hook in list(shop.hooks)))
        told = [hook for hook in list(shop.hooks) if hook.kind == "refund.succeeded"]
        assert {hook.event["data"]["object"]["id"] for hook in told} == {refund["id"]}


def test_a_gateway_killed_under_load_forgets_nothing_it_has_answered(
    tmp_path: Path, shop: Receiver
) -> None:
    with running(tmp_path / "state.sqlite") as gateway:
        answered: list[str] = []
        client = gateway.client

        def buy(number: int) -> None:
            if number == 0:
                wait_for(lambda: len(answered) >= 60)
                gateway.process.kill()
                return
            try:
                for _ in range(1000):
                    answered.append(client.paid(shop.url)["id"])
            except (OSError, http.client.HTTPException):
                return  # killed in mid-answer: this one was never promised

        together(buy, 5)
        gateway.kill()
        gateway.start()

        after: Client = gateway.client
        statuses = {after.get(f"/v1/payments/{name}").json["status"] for name in answered}
        assert statuses == {"succeeded"}
        wait_for(
            lambda: (
                set(answered) <= {hook.event["data"]["object"]["id"] for hook in list(shop.hooks)}
            )
        )


def test_nothing_of_banyan_or_of_other_packages_is_imported() -> None:
    files = sorted((ROOT / "sandbox").rglob("*.py"))
    assert len(files) > 10
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, file
                names = [node.module or ""]
            for name in names:
                top = name.partition(".")[0]
                assert top != "banyan", f"{file} imports {name}"
                assert top == "sandbox" or top in sys.stdlib_module_names, f"{file}: {name}"
