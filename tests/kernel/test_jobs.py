"""Housekeeping deletes what is over and nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from banyan.kernel import clock, idempotency, jobs, ratelimits, tickets
from banyan.kernel.actors import Actor
from banyan.kernel.models import IdempotencyRecord, RateBucket

pytestmark = pytest.mark.django_db


def _record(key: str) -> None:
    idempotency.once(client="c", actor=Actor(kind="member", id=1), key=key, fingerprint="f")


def _cache(key: str, expires: dt.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO kernel_cache VALUES (%s, 'x', %s)", [key, expires])


def test_forget_keeps_what_is_still_asked_for() -> None:
    now = clock.now()
    with clock.at(now - dt.timedelta(days=3)):
        _record("old")
        ratelimits.hit("old", 1, 86_400)
    _record("new")
    ratelimits.hit("new", 1, 86_400)
    _cache("old", now - dt.timedelta(seconds=1))
    _cache("new", now + dt.timedelta(minutes=1))

    jobs.forget(0)

    assert list(IdempotencyRecord.objects.values_list("key", flat=True)) == ["new"]
    assert list(RateBucket.objects.values_list("key", flat=True)) == ["new"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM kernel_cache")
        assert cursor.fetchall() == [("new",)]


def test_the_sweep_runs_as_a_job() -> None:
    pool = tickets.open_sale(kind="sku", subject_id=1, stock=1).pk
    tickets.claim(pool_id=pool, holder="ana")
    with clock.at(clock.now() + tickets.TTL):
        jobs.sweep_tickets(0)
    assert tickets.left(pool) == 1


def test_the_jobs_are_periodic() -> None:
    from procrastinate.contrib.django import app

    crons = {
        task.task.name: task.cron
        for task in app.periodic_registry.periodic_tasks.values()
        if task.task.name.startswith("kernel.")
    }
    assert crons == {
        "kernel.sweep_tickets": "* * * * * */10",
        "kernel.forget": "7 * * * *",
        "kernel.end_retention": "37 3 * * *",
    }
