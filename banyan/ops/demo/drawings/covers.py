"""Wide pictures for the head of a shop: a shelf of its kinds of things."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from PIL import Image

from banyan.ops.demo.drawings.canvas import Canvas
from banyan.ops.demo.drawings.palette import FAMILIES, mix
from banyan.ops.demo.drawings.scenes import KINDS


def draw_cover(
    seed: int,
    size: tuple[int, int] = (1600, 600),
    *,
    kinds: Sequence[str] | None = None,
    family: str | None = None,
) -> Image.Image:
    """Return an RGB picture of things in a row, `size` in pixels. Deterministic.

    `kinds` (keys of KINDS) are those of the shop; without them the seed chooses. Raises
    KeyError for an unknown kind or family.
    """
    dice = Random(f"cover/{seed}")
    chosen = dice.choice(list(FAMILIES.values()))
    f = FAMILIES[family] if family else chosen
    width, height = size
    canvas = Canvas.blank(size, f.wall)
    for _ in range(3):
        x, y = width * dice.uniform(0, 1), height * dice.uniform(0, 0.6)
        canvas.circle(
            x, y, height * dice.uniform(0.3, 0.6), mix(f.wall, f.glow, dice.uniform(0.5, 1))
        )
    canvas.box(0, height * 0.74, width, height, f.table)
    places = 5
    row = list(kinds) if kinds else dice.sample(list(KINDS), places)
    for place in range(places):
        spot = canvas.at(
            width * (0.11 + 0.78 * place / (places - 1) + dice.uniform(-0.01, 0.01)),
            height * dice.uniform(0.84, 0.9),
            scale=height / 1250 * dice.uniform(0.92, 1.04),
            mirror=dice.random() < 0.4,
        )
        KINDS[row[place % len(row)]](spot, f, dice)
    return canvas.finished()
