"""What an installation says about itself, from what its operator said."""

from __future__ import annotations

from pathlib import Path

import pytest

from banyan.ops import environment
from banyan.ops.environment import Surroundings
from banyan.ops.supervisor import Supervisor

NEIGHBOURS = "198.51.100.7"


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "lan_address", lambda: NEIGHBOURS)
    monkeypatch.delenv("SANDBOX_PUBLIC_URL", raising=False)
    monkeypatch.delenv("BANYAN_LETTERS_URL", raising=False)
    monkeypatch.delenv("SANDBOX_WEBHOOK_HOSTS", raising=False)


def here(var: Path, **names: str) -> Surroundings:
    return Surroundings.read({"BANYAN_VAR": str(var), "BANYAN_PORT": "9000", **names})


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("", NEIGHBOURS),
        ("0.0.0.0", NEIGHBOURS),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("::1", "[::1]"),
        ("192.0.2.4", "192.0.2.4"),
    ],
)
def test_payers_are_sent_to_where_the_gateway_listens(tmp_path: Path, host: str, said: str) -> None:
    told = here(tmp_path, BANYAN_HOST=host).child_environment(database_url="")
    assert told["SANDBOX_PUBLIC_URL"] == f"http://{said}:9002"
    assert told["BANYAN_LETTERS_URL"] == f"http://{said}:9000", "and letters lead to the pages"
    assert said in told["SANDBOX_WEBHOOK_HOSTS"].split(",")


def test_who_keeps_it_to_themselves_is_told_no_address_for_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Supervisor(here(tmp_path, BANYAN_HOST="127.0.0.1"))._welcome()
    said = capsys.readouterr().out
    assert "http://127.0.0.1:9000/" in said
    assert "network" not in said
    assert NEIGHBOURS not in said


def test_whoever_serves_everybody_is_told_the_address_for_a_phone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Supervisor(here(tmp_path))._welcome()
    said = capsys.readouterr().out
    assert "http://localhost:9000/" in said
    assert f"On your network:  http://{NEIGHBOURS}:9000/" in said
    assert "\u2588" in said
