"""Flat faces of people who do not exist."""

from __future__ import annotations

from random import Random

from PIL import Image

from banyan.ops.demo.drawings.canvas import Canvas, ring
from banyan.ops.demo.drawings.palette import FAMILIES, Colour, Family, mix
from banyan.ops.demo.drawings.touches import darker, lighter

SKINS: tuple[Colour, ...] = (
    (250, 220, 194),
    (241, 200, 166),
    (226, 174, 134),
    (196, 140, 100),
    (158, 104, 70),
    (112, 72, 48),
)
HAIRS: tuple[Colour, ...] = (
    (38, 30, 28),
    (58, 40, 32),
    (96, 62, 40),
    (150, 98, 56),
    (206, 160, 96),
    (188, 186, 182),
    (150, 66, 40),
)


def draw_avatar(seed: int, size: int = 256) -> Image.Image:
    """Return a square RGB picture of a face, `size` pixels wide. Deterministic."""
    dice = Random(f"face/{seed}")
    f = dice.choice(list(FAMILIES.values()))
    canvas = Canvas.blank((size, size), f.wall)
    c = canvas.at(scale=size / 1000)
    c.circle(dice.choice([180, 820]), 190, 330, f.glow)
    _person(c.at(500, 10, scale=1.12), f, dice)
    return canvas.finished()


def _person(c: Canvas, f: Family, dice: Random) -> None:
    skin = dice.choice(SKINS)
    hair = dice.choice(HAIRS)
    style = dice.choice(["short", "bob", "long", "bun", "curls", "scarf", "cap", "bald", "fringe"])
    wide = dice.uniform(168, 190)
    _hair_behind(c, f, hair, style, wide)
    _shoulders(c, f, dice, skin)
    if style == "scarf":
        _headscarf(c, f, wide)
    else:
        for sign in (-1, 1):
            c.circle(sign * wide, 430, 38, darker(skin, 0.05))
    c.ellipse(0, 410, wide, 222, skin)
    _features(c, f, dice, skin, hair)
    _hair_before(c, f, hair, style, wide, dice)


def _shoulders(c: Canvas, f: Family, dice: Random, skin: Colour) -> None:
    coat = dice.choice([f.deep, f.deep, f.light, f.pop])
    c.path("M -380 1010 C -380 800 -230 740 0 740 C 230 740 380 800 380 1010 Z", coat)
    c.box(-74, 560, 74, 770, darker(skin, 0.1), 50)
    neck = dice.choice(["round", "collar", "roll"])
    if neck == "round":
        c.path("M -112 748 Q 0 880 112 748 Q 60 700 0 700 Q -60 700 -112 748 Z", darker(skin, 0.1))
    elif neck == "collar":
        c.path("M -74 740 L 0 850 L 74 740 Z", darker(skin, 0.1))
        for sign in (-1, 1):
            c.path(
                f"M {sign * 70} 700 L 0 850 L {sign * 96} 900 L {sign * 140} 760 Z",
                lighter(coat, 0.25),
            )
    else:
        c.box(-110, 690, 110, 790, darker(coat, 0.12), 40)


def _features(c: Canvas, f: Family, dice: Random, skin: Colour, hair: Colour) -> None:
    ink = (44, 32, 28)
    smile = dice.choice(["line", "open", "small"])
    for sign in (-1, 1):
        c.ellipse(sign * 72, 420, 15, dice.choice([17, 18, 19]), ink)
        c.stroke(f"M {sign * 104} 366 Q {sign * 76} 348 {sign * 46} 362", 12, mix(hair, ink, 0.35))
        c.ellipse(sign * 108, 486, 36, 24, mix(skin, (226, 96, 78), 0.24))
    c.stroke("M 0 430 Q 18 476 -8 482", 10, darker(skin, 0.24))
    if smile == "open":
        c.path("M -58 526 Q 0 546 58 526 Q 44 588 0 590 Q -44 588 -58 526 Z", (142, 52, 44))
        c.path("M -50 530 Q 0 548 50 530 Q 44 546 0 552 Q -44 546 -50 530 Z", (255, 250, 244))
    else:
        half = 54 if smile == "line" else 32
        c.stroke(f"M {-half} 534 Q 0 {534 + half * 0.8} {half} 534", 12, (142, 62, 50))
    if dice.random() < 0.25:
        for sign in (-1, 1):
            c.stroke(
                " ".join(["M", *(f"{x} {y}" for x, y in ring(sign * 76, 422, 58, 56))]), 10, f.dark
            )
        c.stroke("M -18 414 Q 0 402 18 414", 10, f.dark)


def _hair_behind(c: Canvas, f: Family, hair: Colour, style: str, wide: float) -> None:
    if style == "long":
        c.path(
            f"M {-wide - 44} 400 C {-wide - 60} 100 {wide + 60} 100 {wide + 44} 400 L "
            f"{wide + 70} 860 "
            f"L {-wide - 70} 860 Z",
            darker(hair, 0.12),
        )
    elif style in ("bob", "fringe"):
        c.path(
            f"M {-wide - 46} 420 C {-wide - 66} 90 {wide + 66} 90 {wide + 46} 420 L "
            f"{wide + 50} 620 "
            f"Q 0 690 {-wide - 50} 620 Z",
            darker(hair, 0.12),
        )
    elif style == "bun":
        c.circle(0, 150, 96, darker(hair, 0.1))
    elif style == "curls":
        for x, y in ((-190, 330), (190, 330), (-214, 440), (214, 440), (-190, 540), (190, 540)):
            c.circle(x, y, 84, darker(hair, 0.12))


def _hair_before(c: Canvas, f: Family, hair: Colour, style: str, wide: float, dice: Random) -> None:
    edge = wide + 16
    if style == "bald":
        if dice.random() < 0.6:
            _beard(c, hair)
    elif style == "cap":
        _cap(c, f, edge)
    elif style == "scarf":
        c.path(
            f"M {-edge} 400 C {-edge} 90 {edge} 90 {edge} 400 "
            f"C {wide - 20} 262 120 226 0 226 C -120 226 {20 - wide} 262 {-edge} 400 Z",
            f.deep,
        )
    elif style == "curls":
        for x, y, r in ((-150, 270, 84), (150, 270, 84), (-80, 200, 94), (80, 200, 94)):
            c.circle(x, y, r, hair)
        c.circle(0, 172, 96, hair)
        c.circle(0, 226, 70, hair)
    elif style == "fringe" or (style == "bob" and dice.random() < 0.4):
        c.path(
            f"M {-edge} 440 C {-edge - 20} 84 {edge + 20} 84 {edge} 440 "
            f"Q {edge - 14} 330 {edge - 30} 318 Q 0 346 {-edge + 30} 318 "
            f"Q {-edge + 14} 330 {-edge} 440 Z",
            hair,
        )
    else:
        part = dice.choice([-70, 70])
        c.path(
            f"M {-edge} 430 C {-edge - 24} 88 {edge + 24} 88 {edge} 430 "
            f"C {edge - 10} 330 {edge - 60} 290 {part} 236 "
            f"C {-edge + 90} 300 {-edge + 14} 330 {-edge} 430 Z",
            hair,
        )


def _beard(c: Canvas, hair: Colour) -> None:
    c.path(
        "M -150 500 C -140 640 -60 660 0 660 C 60 660 140 640 150 500 "
        "C 110 560 90 500 0 500 C -90 500 -110 560 -150 500 Z",
        hair,
    )
    c.stroke("M -44 560 Q 0 588 44 560", 12, (196, 110, 92))


def _cap(c: Canvas, f: Family, edge: float) -> None:
    c.path(f"M {-edge} 330 C {-edge} 100 {edge} 100 {edge} 330 Z", f.deep)
    c.path(
        f"M {-edge} 318 Q 0 270 {edge} 318 L {edge + 90} 348 Q {edge + 60} 372 {edge - 20} 356 "
        f"Q 0 316 {-edge} 346 Z",
        darker(f.deep, 0.18),
    )
    c.circle(0, 160, 20, f.light)


def _headscarf(c: Canvas, f: Family, wide: float) -> None:
    edge = wide + 52
    c.path(
        f"M {-edge} 420 C {-edge - 16} 80 {edge + 16} 80 {edge} 420 "
        f"C {edge + 10} 620 {edge - 20} 700 330 820 Q 0 1010 -330 820 "
        f"C {20 - edge} 700 {-edge - 10} 620 {-edge} 420 Z",
        f.deep,
    )
    c.stroke(f"M {-wide} 560 C -140 700 40 720 {wide + 30} 620", 9, darker(f.deep, 0.18))
    c.stroke(f"M {-wide - 20} 640 C -120 810 90 820 {wide + 60} 720", 9, darker(f.deep, 0.18))
