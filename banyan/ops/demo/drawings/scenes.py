"""A still life: a wall with large soft circles, a table, and one kind of thing on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType

from PIL import Image

from banyan.ops.demo.drawings import clothing, homeware, pantry, pastimes, tableware
from banyan.ops.demo.drawings.canvas import Canvas
from banyan.ops.demo.drawings.palette import FAMILIES, Family, mix

Painter = Callable[[Canvas, Family, Random], None]

# Things are drawn standing on y = 0 in a frame 1000 wide and 1250 high.
FRAME = (1000, 1250)

# Each thing with the factor that lets it fill its frame as well as the others.
_CATALOGUE: tuple[tuple[Painter, float], ...] = (
    (tableware.cup, 1.3),
    (tableware.teapot, 1.12),
    (tableware.bowl, 1.3),
    (tableware.vase, 1.25),
    (tableware.bottle, 1.25),
    (tableware.candle, 1.3),
    (tableware.jar, 1.5),
    (tableware.tin, 1.35),
    (homeware.plant, 1.2),
    (homeware.cactus, 1.3),
    (homeware.lamp, 1.3),
    (homeware.chair, 1.2),
    (homeware.clock, 1.25),
    (homeware.frame, 1.25),
    (homeware.basket, 1.4),
    (clothing.dress, 1.2),
    (clothing.shirt, 1.15),
    (clothing.scarf, 1.1),
    (clothing.hat, 1.25),
    (clothing.shoes, 1.3),
    (clothing.bag, 1.25),
    (clothing.socks, 1.2),
    (clothing.umbrella, 1.15),
    (clothing.glasses, 1.08),
    (pastimes.book, 1.25),
    (pastimes.camera, 1.25),
    (pastimes.headphones, 1.12),
    (pastimes.bicycle, 1.08),
    (pastimes.guitar, 1.02),
    (pastimes.yarn, 1.3),
    (pastimes.radio, 1.2),
    (pastimes.watch, 1.25),
    (pastimes.kite, 1.0),
    (pastimes.brushes, 1.25),
    (pantry.fruit, 1.35),
    (pantry.lemons, 1.35),
    (pantry.bread, 1.15),
    (pantry.cake, 1.25),
    (pantry.cheese, 1.15),
    (pantry.dumplings, 1.2),
    (pantry.soap, 1.3),
    (pantry.jewels, 1.15),
)
KINDS: Mapping[str, Painter] = MappingProxyType(
    {painter.__name__: painter for painter, _ in _CATALOGUE}
)
_ZOOM = {painter.__name__: zoom for painter, zoom in _CATALOGUE}


def draw(
    kind: str,
    seed: int,
    *,
    size: tuple[int, int] = (1200, 1500),
    family: str | None = None,
) -> Image.Image:
    """Return an RGB picture of a kind of thing (a key of KINDS), `size` in pixels.

    The seed chooses colours, proportions, number and pattern; `family` (a key of FAMILIES)
    fixes the colours. Deterministic. Raises KeyError for an unknown kind or family.
    """
    paint = KINDS[kind]
    dice = Random(f"{kind}/{seed}")
    chosen = dice.choice(list(FAMILIES.values()))
    colours = FAMILIES[family] if family else chosen
    canvas = Canvas.blank(size, colours.wall)
    ground = _place(canvas, size, colours, dice)
    unit = min(size[0] / FRAME[0], size[1] / FRAME[1])
    spot = canvas.at(
        size[0] * dice.uniform(0.48, 0.52),
        ground,
        scale=unit * _ZOOM[kind] * dice.uniform(0.94, 1.04),
        mirror=dice.random() < 0.3,
    )
    paint(spot, colours, dice)
    return canvas.finished()


def _place(canvas: Canvas, size: tuple[int, int], f: Family, dice: Random) -> float:
    """Paint wall and table, and return the height at which a thing stands."""
    width, height = size
    right = dice.random() < 0.7
    x = width * (dice.uniform(0.72, 0.92) if right else dice.uniform(0.08, 0.28))
    canvas.circle(x, height * dice.uniform(0.1, 0.24), width * dice.uniform(0.34, 0.46), f.glow)
    if dice.random() < 0.5:
        canvas.circle(
            width - x,
            height * dice.uniform(0.45, 0.62),
            width * dice.uniform(0.16, 0.26),
            mix(f.wall, f.glow, 0.55),
        )
    edge = height * dice.uniform(0.71, 0.76)
    canvas.box(0, edge, width, height, f.table)
    return height * dice.uniform(0.82, 0.855)
