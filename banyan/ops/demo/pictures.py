"""The demo's pictures: each known by where it stands in the story, drawn when asked or ahead.

Imports no models, so that a process that only draws need not load the application.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from banyan.media.working import Worked, work_up_drawing
from banyan.ops.processes import leave_with

from . import cast, wares
from .drawings import draw, draw_avatar, draw_cover

NICENESS = 3
T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Drawing(Protocol[T_co]):
    """Something to draw, the same each time; equal ones are the same drawing."""

    def make(self) -> T_co:
        """Draw it."""


@dataclass(frozen=True, slots=True)
class Face:
    """The portrait of the member who came as the ``number``-th; a PNG as somebody uploads it."""

    number: int

    def make(self) -> bytes:
        """Draw it."""
        drawn = io.BytesIO()
        draw_avatar(self.number, size=256).save(drawn, "PNG")
        return drawn.getvalue()


@dataclass(frozen=True, slots=True)
class Cover:
    """The cover of the ``shop``-th shop."""

    shop: int

    def make(self) -> Worked:
        """Draw it."""
        kinds, family = cast.SHOPS[self.shop][4:6]
        return work_up_drawing(draw_cover(self.shop, kinds=kinds, family=family))


@dataclass(frozen=True, slots=True)
class Goods:
    """The ``place``-th thing of the ``shop``-th shop."""

    shop: int
    place: int

    def make(self) -> Worked:
        """Draw it."""
        kinds, family = cast.SHOPS[self.shop][4:6]
        kind, seed = kinds[self.place % len(kinds)], self.shop * 100 + self.place
        return work_up_drawing(draw(kind, seed, size=(960, 1200), family=family))


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that is not one of a shop's first goods."""

    look: wares.Look

    def make(self) -> Worked:
        """Draw it."""
        kind, seed, family = self.look
        return work_up_drawing(draw(kind, seed, size=(960, 1200), family=family))


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that a shop shows; a PNG as somebody uploads it."""

    look: wares.Look

    def make(self) -> bytes:
        """Draw it."""
        kind, seed, family = self.look
        drawn = io.BytesIO()
        draw(kind, seed, size=(480, 600), family=family).save(drawn, "PNG")
        return drawn.getvalue()


def all_drawings() -> Iterator[Drawing[Any]]:
    """Yield every drawing in the order the story asks for them."""
    for number in range(1, len(cast.LEADS) + len(cast.OTHERS) + 1):
        yield Face(number)
    for shop in range(len(cast.SHOPS)):
        yield Cover(shop)
        for place in range(cast.PRODUCTS_PER_SHOP):
            yield Goods(shop, place)
    for ware in wares.WARES:
        yield Thing(ware.look)
    for used in wares.USED:
        yield Thing(used.look)
    for look in wares.PAPERS:
        yield Paper(look)
    yield Thing(wares.WINE.look)
    yield Paper(wares.SHOT)


class Studio:
    """Hands out drawings, drawn at that moment."""

    def take(self, drawing: Drawing[T]) -> T:
        """Return what ``drawing`` shows."""
        return drawing.make()


class BusyStudio(Studio):
    """Hands out drawings that other processes have begun on; each is kept until it is taken."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        """Begin on all of them."""
        self._begun: dict[Drawing[Any], Future[Any]] = {
            drawing: pool.submit(_make, drawing) for drawing in all_drawings()
        }

    def take(self, drawing: Drawing[T]) -> T:
        """Return what ``drawing`` shows; waits until it is there."""
        begun = self._begun.pop(drawing, None)
        if begun is None:
            return drawing.make()
        try:
            found: T = begun.result()
        except BrokenProcessPool:  # somebody ended them; what they would have drawn is known
            return drawing.make()
        return found


@contextlib.contextmanager
def drawn_meanwhile() -> Iterator[Studio]:
    """Draw all of them in other processes while the block does something else.

    One for each processor, four at most: they step back while the block has work, and have the
    machine to themselves while it waits for them. They die with this process.
    """
    pool = ProcessPoolExecutor(
        min(4, os.cpu_count() or 1),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(os.getpid(),),
    )
    try:
        yield BusyStudio(pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _begin(parent: int) -> None:
    leave_with(parent)
    os.nice(NICENESS)


def _make(drawing: Drawing[T]) -> T:
    return drawing.make()
