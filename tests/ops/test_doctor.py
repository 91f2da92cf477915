"""The doctor finds what is wrong with a machine and names the remedy."""

import os
import socket
from pathlib import Path

import pytest

from banyan.media import fonts
from banyan.ops import doctor
from banyan.ops.environment import Surroundings
from banyan.ops.filelock import FileLock


def surroundings(var: Path, **names: str) -> Surroundings:
    return Surroundings.read({"BANYAN_VAR": str(var), **names})


def test_this_machine_has_python_and_postgresql(tmp_path: Path) -> None:
    assert doctor.check_python().verdict == "ok"
    assert doctor.check_postgres(surroundings(tmp_path)).verdict == "ok"


def test_missing_programs_are_a_fault_unless_an_address_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANYAN_PG_BIN", str(tmp_path))
    finding = doctor.check_postgres(surroundings(tmp_path))
    assert finding.verdict == "fault"
    assert "BANYAN_PG_BIN" in finding.detail
    named = surroundings(tmp_path, DATABASE_URL="postgresql://db.example/banyan")
    assert doctor.check_postgres(named).verdict == "ok"


def test_old_programs_are_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("postgres", "initdb"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.20 (Debian 15.20-0)'\n")
        program.chmod(0o755)
    monkeypatch.setenv("BANYAN_PG_BIN", str(tmp_path))
    finding = doctor.check_postgres(surroundings(tmp_path))
    assert finding.verdict == "fault"
    assert "15.20" in finding.detail


def test_a_missing_font_names_the_package_and_a_wrong_name_is_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("BANYAN_CJK_FONT", raising=False)
    monkeypatch.setattr(doctor, "_font_of_fontconfig", lambda: "")
    monkeypatch.setattr(doctor, "KNOWN_FONTS", ())
    finding = doctor.check_font()
    assert (finding.verdict, "fonts-noto-cjk" in finding.detail) == ("advice", True)

    monkeypatch.setenv("BANYAN_CJK_FONT", "/nowhere/font.ttc")
    assert doctor.check_font().verdict == "fault"
    monkeypatch.setenv("BANYAN_CJK_FONT", os.path.realpath(__file__))
    assert doctor.check_font().verdict == "ok"


def test_a_font_for_the_names_that_one_for_chinese_cannot_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fonts, "spare", lambda: fonts.FontFile("/here/Sans.ttf"))
    assert doctor.check_spare_font() == doctor.Finding("other font", "ok", "/here/Sans.ttf")
    monkeypatch.setattr(fonts, "spare", fonts.FontFile)
    finding = doctor.check_spare_font()
    assert finding.verdict == "advice"
    assert "fonts-dejavu-core" in finding.detail


def test_a_missing_browser_is_advice_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    finding = doctor.check_browser()
    assert (finding.verdict, "setup-dev" in finding.detail) == ("advice", True)


def test_the_browser_without_windows_is_driven_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("chromium", "chromium-headless-shell"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert doctor.find_chromium() == str(tmp_path / name)


def test_a_foreign_program_on_our_port_is_a_fault_our_own_run_is_not(tmp_path: Path) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        here = surroundings(tmp_path, BANYAN_PORT=str(min(squatter.getsockname()[1], 65_533)))
        finding = doctor.check_ports(here)
        assert (finding.verdict, "BANYAN_PORT" in finding.detail) == ("fault", True)

        here.run_dir.mkdir(parents=True)
        lock = FileLock(here.run_dir / "supervisor.lock")
        lock.acquire()
        assert doctor.check_ports(here).verdict == "ok"
        lock.release()


def test_little_room_is_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.check_disk(tmp_path / "var" / "not" / "yet").verdict in {"ok", "advice"}
    monkeypatch.setattr(doctor, "FREE_MEGABYTES", 10**9)
    assert doctor.check_disk(tmp_path).verdict == "advice"


def test_the_report_fails_only_for_faults(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BANYAN_PORT", "none")
    assert doctor.main() == 1
    assert "BANYAN_PORT" in capsys.readouterr().out
    advice = doctor.Finding("thing", "advice", "could be better")
    monkeypatch.setattr(doctor, "examine", lambda: [advice])
    assert doctor.main() == 0
