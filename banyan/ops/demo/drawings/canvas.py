"""A small drawing surface: affine places, paths with curves, clipping, smooth edges.

Everything is drawn flat at twice the size and halved at the end, which is what smooths it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from PIL import Image, ImageChops, ImageDraw

from banyan.ops.demo.drawings.palette import Colour

OVERSAMPLING = 2
Point = tuple[float, float]
Shape = Sequence[Point] | str
# Column-wise: x' = a x + c y + e, y' = b x + d y + f.
Matrix = tuple[float, float, float, float, float, float]
_CURVE_STEPS = 24
_ROUND_STEPS = 72
_FAR = 4000


def _times(m: Matrix, n: Matrix) -> Matrix:
    return (
        m[0] * n[0] + m[2] * n[1],
        m[1] * n[0] + m[3] * n[1],
        m[0] * n[2] + m[2] * n[3],
        m[1] * n[2] + m[3] * n[3],
        m[0] * n[4] + m[2] * n[5] + m[4],
        m[1] * n[4] + m[3] * n[5] + m[5],
    )


def outline(path: str) -> list[list[Point]]:
    """Return the polylines of a path in the letters M, L, C, Q and Z, coordinates absolute."""
    words = path.replace(",", " ").split()
    lines: list[list[Point]] = []
    command = "M"
    place = 0
    while place < len(words):
        if words[place].isalpha():
            command = words[place]
            place += 1
            if command == "Z":
                lines[-1].append(lines[-1][0])
            continue
        count = {"M": 1, "L": 1, "Q": 2, "C": 3}[command]
        numbers = [float(word) for word in words[place : place + 2 * count]]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        place += 2 * count
        if command == "M":
            lines.append(points)
            command = "L"
        elif command == "L":
            lines[-1].extend(points)
        else:
            lines[-1].extend(_bezier([lines[-1][-1], *points]))
    return lines


def _bezier(control: Sequence[Point]) -> Iterator[Point]:
    degree = len(control) - 1
    for step in range(1, _CURVE_STEPS + 1):
        t = step / _CURVE_STEPS
        weights = [math.comb(degree, k) * t**k * (1 - t) ** (degree - k) for k in range(degree + 1)]
        yield (
            sum(w * point[0] for w, point in zip(weights, control, strict=True)),
            sum(w * point[1] for w, point in zip(weights, control, strict=True)),
        )


@dataclass(frozen=True)
class Canvas:
    """A place on a picture. `at` gives a moved, turned, scaled or mirrored one on the same picture.

    Coordinates are whatever the place says; y grows downwards.
    """

    image: Image.Image
    matrix: Matrix = (1, 0, 0, 1, 0, 0)

    @classmethod
    def blank(cls, size: tuple[int, int], colour: Colour) -> Canvas:
        """Return a picture of `size` pixels filled with one colour."""
        width, height = size
        big = (width * OVERSAMPLING, height * OVERSAMPLING)
        factor = float(OVERSAMPLING)
        return cls(Image.new("RGB", big, colour), (factor, 0, 0, factor, 0, 0))

    def finished(self) -> Image.Image:
        """Return the picture at its real size."""
        return self.image.reduce(OVERSAMPLING)

    def at(
        self,
        x: float = 0,
        y: float = 0,
        *,
        scale: float = 1,
        turn: float = 0,
        mirror: bool = False,
    ) -> Canvas:
        """Return the place (x, y), turned clockwise by `turn` degrees."""
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        flip = -1 if mirror else 1
        own = (scale * cos * flip, scale * sin * flip, -scale * sin, scale * cos, x, y)
        return replace(self, matrix=_times(self.matrix, own))

    def _pixels(self, points: Sequence[Point]) -> list[Point]:
        a, b, c, d, e, f = self.matrix
        return [(a * x + c * y + e, b * x + d * y + f) for x, y in points]

    @property
    def _scale(self) -> float:
        return math.hypot(self.matrix[0], self.matrix[1])

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        ImageDraw.Draw(self.image).polygon(self._pixels(points), fill=colour)

    def path(self, path: str, colour: Colour) -> None:
        """Fill each closed part of a path."""
        for line in outline(path):
            self.polygon(line, colour)

    def stroke(self, path: str, width: float, colour: Colour) -> None:
        """Draw along a path with round ends and joints."""
        draw = ImageDraw.Draw(self.image)
        thick = width * self._scale
        for line in outline(path):
            points = self._pixels(line)
            draw.line(points, fill=colour, width=max(1, round(thick)), joint="curve")
            for x, y in (points[0], points[-1]):
                half = thick / 2
                draw.ellipse((x - half, y - half, x + half, y + half), fill=colour)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Fill an ellipse around (x, y)."""
        self.polygon(ring(x, y, rx, ry), colour)

    def circle(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle around (x, y)."""
        self.ellipse(x, y, radius, radius, colour)

    def box(
        self, left: float, top: float, right: float, bottom: float, colour: Colour, r: float = 0
    ) -> None:
        """Fill a rectangle with corners of radius `r`."""
        self.polygon(rounded(left, top, right, bottom, r), colour)

    @property
    def mirrored(self) -> bool:
        """Say whether left and right are exchanged here."""
        a, b, c, d, _, _ = self.matrix
        return a * d - b * c < 0

    @contextmanager
    def inside(self, shape: Shape) -> Iterator[Canvas]:
        """Give a canvas of the same place whose drawing is cut to a shape."""
        lines = self._lines(shape)
        bounds = self._bounds(lines)
        part = self.image.crop(bounds)
        left, top = bounds[:2]
        moved = (*self.matrix[:4], self.matrix[4] - left, self.matrix[5] - top)
        yield Canvas(part, moved)
        self.image.paste(part, (left, top), _mask(lines, bounds))

    def dim(self, shape: Shape, left: float, right: float, part: float) -> None:
        """Darken what is drawn already inside a shape, between two verticals, by `part`."""
        lines = self._lines(shape)
        bounds = self._bounds(lines)
        band = [self._pixels(rounded(left, -_FAR, right, _FAR, 0))]
        mask = ImageChops.logical_and(_mask(lines, bounds), _mask(band, bounds))
        table = [round(level * (1 - part)) for level in range(256)] * 3
        self.image.paste(self.image.crop(bounds).point(table), bounds[:2], mask)

    def _lines(self, shape: Shape) -> list[list[Point]]:
        lines = outline(shape) if isinstance(shape, str) else [list(shape)]
        return [self._pixels(line) for line in lines]

    def _bounds(self, lines: list[list[Point]]) -> tuple[int, int, int, int]:
        across = [min(max(x, 0), self.image.width - 1) for line in lines for x, _ in line]
        down = [min(max(y, 0), self.image.height - 1) for line in lines for _, y in line]
        return (
            math.floor(min(across)),
            math.floor(min(down)),
            math.ceil(max(across)) + 1,
            math.ceil(max(down)) + 1,
        )


def _mask(lines: list[list[Point]], bounds: tuple[int, int, int, int]) -> Image.Image:
    left, top, right, bottom = bounds
    mask = Image.new("1", (right - left, bottom - top))
    draw = ImageDraw.Draw(mask)
    for line in lines:
        draw.polygon([(x - left, y - top) for x, y in line], fill=1)
    return mask


def ring(x: float, y: float, rx: float, ry: float) -> list[Point]:
    """Return the outline of an ellipse."""
    return arc(x, y, rx, ry, 0, 360)


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Return points from `start` to `end` degrees, clockwise from the right."""
    steps = max(4, round(_ROUND_STEPS * abs(end - start) / 360))
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


def rounded(left: float, top: float, right: float, bottom: float, r: float) -> list[Point]:
    """Return the outline of a rectangle with round corners."""
    r = min(r, (right - left) / 2, (bottom - top) / 2)
    if r <= 0:
        return [(left, top), (right, top), (right, bottom), (left, bottom)]
    return [
        *arc(right - r, top + r, r, r, -90, 0),
        *arc(right - r, bottom - r, r, r, 0, 90),
        *arc(left + r, bottom - r, r, r, 90, 180),
        *arc(left + r, top + r, r, r, 180, 270),
    ]


def written(points: Sequence[Point]) -> str:
    """Return points as a path."""
    return "M " + " L ".join(f"{x:.2f} {y:.2f}" for x, y in points)
