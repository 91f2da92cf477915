"""The house stands on its floors: tables, migrations and apps only lean downwards."""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.migrations.loader import MigrationLoader

import banyan
from banyan.config.lock_order import LOCK_ORDER
from banyan.kernel import events, locks

ROOT = Path(__file__).resolve().parents[2]


def _floors() -> dict[str, int]:
    """Return package -> floor, 0 at the bottom; packages side by side share a floor."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = contracts["contracts"][0]["layers"]
    return {
        name.strip().removeprefix("banyan."): floor
        for floor, layer in enumerate(reversed(layers))
        for name in layer.split("|")
    }


FLOORS = _floors()


def _package(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "banyan" else None


def _leans_up(source: str, target: str) -> bool:
    return source != target and FLOORS[target] >= FLOORS[source]


def _references() -> Iterator[tuple[str, str, str]]:
    for model in apps.get_models(include_auto_created=True):
        source = _package(model.__module__)
        for field in model._meta.get_fields():
            if source is None or not isinstance(field, models.ForeignKey | models.ManyToManyField):
                continue
            target = _package(field.related_model.__module__)
            if target is not None:
                yield source, target, f"{model._meta.label}.{field.name}"


def test_every_package_has_a_floor() -> None:
    packages = {
        path.parent.name
        for path in Path(banyan.__file__).parent.glob("*/__init__.py")
        if path.parent.name != "locale"
    }
    assert packages == set(FLOORS)


def test_tables_point_to_their_own_or_a_lower_floor() -> None:
    references = list(_references())
    assert len(references) > 20, "the walk found the project's tables"
    assert [name for source, target, name in references if _leans_up(source, target)] == []


def test_migrations_depend_on_their_own_or_a_lower_floor() -> None:
    labels = {
        config.label: package
        for config in apps.get_app_configs()
        if (package := _package(config.name)) is not None
    }
    disk = MigrationLoader(None).disk_migrations
    checked = 0
    for (label, name), migration in disk.items():
        for target, needed in migration.dependencies:
            if label in labels and target in labels:
                checked += 1
                assert not _leans_up(labels[label], labels[target]), (label, name, target, needed)
    assert checked > 10


def test_apps_start_from_the_ground_up() -> None:
    installed = [p for name in settings.INSTALLED_APPS if (p := _package(name)) is not None]
    # Configuration comes first on purpose: it tells the kernel the lock order.
    assert installed[0] == "config"
    floors = [FLOORS[package] for package in installed[1:]]
    assert floors == sorted(floors), installed


def test_negative_control_the_walk_would_see_a_table_that_leans_up() -> None:
    assert _leans_up("kernel", "orders")
    assert _leans_up("catalog", "payments"), "neighbours do not know each other"
    assert not _leans_up("orders", "orders")
    assert not _leans_up("orders", "kernel")


def test_the_lock_order_names_real_tables_with_an_id() -> None:
    tables = {model._meta.db_table: model for model in apps.get_models()}
    for kind, table in LOCK_ORDER:
        assert tables[table]._meta.pk.name == "id", kind
    assert list(locks._rank) == [kind for kind, _ in LOCK_ORDER], "the project uses this order"


def test_a_package_with_subscribers_registers_them_when_it_starts() -> None:
    handlers = [
        handler
        for by_event in events.consumers.values()
        for registered in by_event.values()
        for handler in registered
    ] + [handler for pairs in events.inline_handlers.values() for handler, _ in pairs]
    listening = {_package(handler.__module__) for handler in handlers}
    with_subscribers = {
        package
        for package in FLOORS
        if importlib.util.find_spec(f"banyan.{package}.subscribers") is not None
    }
    assert with_subscribers, "the walk found the modules"
    assert with_subscribers <= listening, "subscribers are imported in AppConfig.ready()"
