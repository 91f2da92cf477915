"""What many things share: shadows on the table, shaded sides, printed patterns, leaves."""

from __future__ import annotations

from random import Random

from banyan.ops.demo.drawings.canvas import Canvas, Shape
from banyan.ops.demo.drawings.palette import Colour, Family, mix


def shadow(c: Canvas, f: Family, half: float, x: float = 0) -> None:
    """Lay a soft shadow under a thing that stands on y = 0 and reaches `half` to each side."""
    c.ellipse(x + half * 0.08, 2, half * 1.3, half * 0.15 + 14, mix(f.table, f.shade, 0.45))
    c.ellipse(x + half * 0.04, 0, half * 1.08, half * 0.1 + 11, f.shade)


def suit(f: Family, dice: Random) -> tuple[Colour, Colour]:
    """Choose the main colour of a thing and one that stands out on it."""
    return dice.choice(
        [
            (f.light, f.deep),
            (f.light, f.mid),
            (f.deep, f.light),
            (f.deep, f.light),
            (f.mid, f.light),
        ]
    )


def darker(colour: Colour, part: float = 0.12) -> Colour:
    """Return the colour in half shade."""
    return mix(colour, (40, 20, 15), part)


def lighter(colour: Colour, part: float = 0.25) -> Colour:
    """Return the colour in more light."""
    return mix(colour, (255, 252, 246), part)


def side(c: Canvas, shape: Shape, x: float) -> None:
    """Shade the side of a shape beyond x: the light comes from the left of every picture."""
    if c.mirrored:
        c.dim(shape, -2000, -x, 0.09)
    else:
        c.dim(shape, x, 2000, 0.09)


def printed(
    c: Canvas,
    shape: Shape,
    colour: Colour,
    dice: Random,
    box: tuple[float, float, float, float],
    pattern: str | None = None,
) -> None:
    """Print stripes, bands, dots, checks or nothing at all on a shape within `box`."""
    left, top, right, bottom = box
    step = (right - left) / dice.choice([6, 7, 8])
    pattern = pattern or dice.choice(["plain", "plain", "stripes", "bands", "dots", "checks"])
    if pattern == "plain":
        return
    with c.inside(shape) as cut:
        columns = int((right - left) / step) + 1
        rows = int((bottom - top) / step) + 1
        if pattern in ("stripes", "checks"):
            for column in range(columns):
                x = left + column * step
                cut.box(x, top, x + step * 0.4, bottom, colour)
        if pattern in ("bands", "checks"):
            for row in range(rows):
                y = top + row * step
                cut.box(left, y, right, y + step * 0.4, colour)
        if pattern == "dots":
            for row in range(rows + 1):
                shift = step / 2 if row % 2 else 0
                for column in range(-1, columns + 1):
                    cut.circle(left + column * step + shift, top + row * step, step * 0.2, colour)


def leaf(c: Canvas, colour: Colour, length: float, width: float) -> None:
    """Draw a pointed leaf that grows upwards from (0, 0), with its vein."""
    half = width / 2
    c.path(
        f"M 0 0 C {-half * 1.5} {-length * 0.25} {-half * 1.1} {-length * 0.75} 0 {-length} "
        f"C {half * 1.1} {-length * 0.75} {half * 1.5} {-length * 0.25} 0 0 Z",
        colour,
    )
    c.stroke(f"M 0 {-length * 0.06} L 0 {-length * 0.8}", 4, lighter(colour, 0.22))


def steam(c: Canvas, f: Family, dice: Random, y: float) -> None:
    """Let two or three wisps rise from y."""
    count = dice.choice([2, 2, 3])
    for number in range(count):
        x = (number - (count - 1) / 2) * 74 + dice.uniform(-8, 8)
        h = dice.uniform(80, 120)
        c.stroke(
            f"M {x} {y} C {x - 34} {y - h * 0.35} {x + 26} {y - h * 0.6} {x} {y - h}",
            15,
            lighter(f.wall, 0.6),
        )
