"""Things of the table: cups, pots, bowls, bottles, candles."""

from __future__ import annotations

from random import Random

from banyan.ops.demo.drawings.canvas import Canvas, arc, rounded, written
from banyan.ops.demo.drawings.palette import Colour, Family, mix
from banyan.ops.demo.drawings.touches import (
    darker,
    leaf,
    lighter,
    printed,
    shadow,
    side,
    steam,
    suit,
)


def _one_cup(c: Canvas, f: Family, dice: Random, tone: tuple[Colour, Colour]) -> None:
    main, trim = tone
    high, wide, foot = dice.uniform(300, 400), dice.uniform(180, 215), dice.uniform(125, 165)
    shadow(c, f, wide + 20)
    c.stroke(
        f"M {wide - 30} {-high * 0.8} C {wide + 130} {-high * 0.9} {wide + 130} {-high * 0.2} "
        f"{foot + 4} {-high * 0.26}",
        38,
        darker(main, 0.05),
    )
    shape = (
        f"M {-wide} {-high} L {wide} {-high} L {foot + 18} -44 Q {foot + 8} 0 {foot - 44} 0 "
        f"L {44 - foot} 0 Q {-foot - 8} 0 {-foot - 18} -44 Z"
    )
    c.path(shape, main)
    style = dice.choice(["rim", "dip", "stripes", "dots", "speckle"])
    if style == "dip":
        with c.inside(shape) as cut:
            cut.path(
                f"M -300 {-high * 0.42} Q 0 {-high * 0.3} 300 {-high * 0.5} L 300 20 L -300 20 Z",
                trim,
            )
    elif style == "speckle":
        with c.inside(shape) as cut:
            for _ in range(46):
                cut.circle(
                    dice.uniform(-wide, wide),
                    dice.uniform(-high, 0),
                    dice.uniform(3, 7),
                    mix(main, trim, 0.6),
                )
    elif style != "rim":
        printed(
            c, shape, mix(main, trim, 0.8), dice, (-wide, -high * 0.62, wide, -high * 0.2), style
        )
    with c.inside(shape) as cut:
        cut.box(-wide - 20, -high, wide + 20, -high + 30, f.mid if main != f.mid else f.deep)
    side(c, shape, wide * 0.72)


def cup(c: Canvas, f: Family, dice: Random) -> None:
    """Draw one cup that steams, or two of different height."""
    tone = suit(f, dice)
    if dice.random() < 0.3:
        other = (f.deep, f.light) if tone[0] != f.deep else (f.light, f.mid)
        _one_cup(c.at(-152, -26, scale=0.68, mirror=True), f, dice, tone)
        _one_cup(c.at(140, 12, scale=0.68), f, dice, other)
        return
    steam(c.at(-10), f, dice, -470)
    _one_cup(c.at(-30, scale=1.06), f, dice, tone)


def teapot(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a round teapot."""
    main, trim = suit(f, dice)
    wide, high = dice.uniform(205, 240), dice.uniform(290, 340)
    shadow(c, f, wide + 40)
    c.path(
        f"M {wide - 60} -110 C {wide + 60} -120 {wide + 70} {-high * 0.66} {wide + 128} "
        f"{-high * 0.86} "
        f"L {wide + 166} {-high * 0.8} C {wide + 120} {-high * 0.5} {wide + 110} -60 "
        f"{wide - 60} -50 Z",
        darker(main, 0.06),
    )
    if dice.random() < 0.5:
        c.stroke(
            f"M {-wide * 0.7} {-high * 0.72} C {-wide * 0.8} {-high - 230} {wide * 0.8} "
            f"{-high - 230} "
            f"{wide * 0.7} {-high * 0.72}",
            24,
            f.dark,
        )
    else:
        c.stroke(
            f"M {-wide + 30} {-high * 0.74} C {-wide - 150} {-high * 0.86} {-wide - 150} -70 "
            f"{-wide + 24} -90",
            34,
            darker(main, 0.06),
        )
    body = (
        f"M {-wide * 0.55} 0 C {-wide * 1.25} -60 {-wide * 1.15} {-high} 0 {-high} "
        f"C {wide * 1.15} {-high} {wide * 1.25} -60 {wide * 0.55} 0 Z"
    )
    c.path(body, main)
    pattern = dice.choice(["plain", "bands", "dots", "band"])
    if pattern == "band":
        with c.inside(body) as cut:
            cut.box(-300, -high * 0.5, 300, -high * 0.5 + 54, mix(main, trim, 0.85))
            cut.box(-300, -high * 0.5 + 72, 300, -high * 0.5 + 82, mix(main, trim, 0.85))
    else:
        printed(c, body, mix(main, trim, 0.7), dice, (-260, -high * 0.66, 260, -60), pattern)
    side(c, body, wide * 0.62)
    lid = f"M {-wide * 0.46} {-high + 12} Q 0 {-high - 74} {wide * 0.46} {-high + 12} Z"
    c.path(lid, mix(main, trim, 0.25))
    c.circle(0, -high - 50, 26, trim)


def bowl(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a stack of bowls, or one of noodles with chopsticks."""
    if dice.random() < 0.5:
        main, trim = suit(f, dice)
        shadow(c, f, 250)
        c.stroke("M 60 -268 L 330 -520", 15, f.dark)
        c.stroke("M 16 -262 L 270 -540", 15, darker(f.dark))
        c.ellipse(0, -262, 250, 74, f.pop if main != f.light else mix(f.mid, f.light, 0.2))
        for number in range(7):
            x = -170 + number * 52
            c.stroke(f"M {x} -250 C {x + 20} -330 {x + 60} -330 {x + 80} -246", 17, f.light)
        c.ellipse(-96, -280, 58, 30, f.leaf)
        c.ellipse(70, -290, 54, 44, (250, 246, 236))
        c.circle(74, -292, 20, (238, 176, 74))
        shape = "M -260 -268 L 260 -268 C 250 -110 150 -36 96 -24 L 96 0 L -96 0 L -96 -24 "
        shape += "C -150 -36 -250 -110 -260 -268 Z"
        c.path(shape, main)
        printed(c, shape, mix(main, trim, 0.8), dice, (-260, -190, 260, -90))
        side(c, shape, 150)
        steam(c.at(-40), f, dice, -370)
        return
    tones = [f.light, f.deep, f.mid, f.pop]
    dice.shuffle(tones)
    shadow(c, f, 210)
    # From the top down: each bowl hides the foot of the one that stands in it.
    for number in reversed(range(dice.choice([3, 4]))):
        one = c.at(dice.uniform(-5, 5), -number * 84)
        shape = (
            "M -256 -230 L 256 -230 C 250 -90 160 -26 104 -20 L 104 0 L -104 0 L -104 -20 "
            "C -160 -26 -250 -90 -256 -230 Z"
        )
        one.path(shape, tones[number])
        with one.inside(shape) as cut:
            cut.box(-300, -230, 300, -212, darker(tones[number], 0.16))
        side(one, shape, 150)


def vase(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a vase with branches, round blossoms or grasses."""
    main, trim = suit(f, dice)
    high, belly, neck = dice.uniform(310, 380), dice.uniform(130, 175), dice.uniform(44, 66)
    shadow(c, f, belly + 10)
    stems = dice.choice([3, 4, 5])
    kind = dice.choice(["blossom", "leaves", "grass", "blossom"])
    for number in range(stems):
        lean = (number - (stems - 1) / 2) * (96 / stems) + dice.uniform(-5, 5)
        stem = c.at(lean * 0.4, -high + 12, turn=lean)
        length = dice.uniform(260, 400) - abs(lean) * 1.5
        stem.stroke(f"M 0 0 Q {lean * 0.5} {-length * 0.5} 0 {-length}", 9, f.leaf)
        if kind == "blossom":
            petal = f.pop if number % 2 else lighter(f.mid, 0.15)
            for turn in range(0, 360, 60):
                stem.at(0, -length, turn=turn + lean).ellipse(0, -36, 25, 36, petal)
            stem.circle(0, -length, 21, f.light)
            stem.at(0, -length * 0.4, turn=48).path("M 0 0 Q -34 -60 0 -116 Q 34 -60 0 0 Z", f.leaf)
        elif kind == "leaves":
            for step in range(4):
                at = -length * (0.35 + step * 0.2)
                leaf(stem.at(0, at, turn=52), f.leaf, 104, 46)
                leaf(stem.at(0, at, turn=-52), mix(f.leaf, f.light, 0.15), 104, 46)
        else:
            stem.ellipse(0, -length - 46, 21, 86, mix(f.mid, f.deep, 0.12 * number))
    shape = (
        f"M {-neck} {-high} L {neck} {-high} C {neck} {-high * 0.74} {belly} {-high * 0.7} "
        f"{belly} {-high * 0.38} C {belly} {-high * 0.12} {belly * 0.7} 0 {belly * 0.55} 0 "
        f"L {-belly * 0.55} 0 C {-belly * 0.7} 0 {-belly} {-high * 0.12} {-belly} {-high * 0.38} "
        f"C {-belly} {-high * 0.7} {-neck} {-high * 0.74} {-neck} {-high} Z"
    )
    c.path(shape, main)
    printed(c, shape, mix(main, trim, 0.75), dice, (-belly, -high * 0.6, belly, -high * 0.15))
    side(c, shape, belly * 0.5)
    c.box(-neck - 12, -high - 14, neck + 12, -high + 12, mix(main, trim, 0.3), 13)


def bottle(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a bottle with a label, and a glass or fruit beside it."""
    high, wide = dice.uniform(560, 640), dice.uniform(84, 102)
    shadow(c, f, 230, 40)
    glass = f.deep
    body = c.at(-70)
    neck = wide * 0.36
    shape = (
        f"M {-neck} {-high} L {neck} {-high} L {neck} {-high * 0.72} C {neck} {-high * 0.6} "
        f"{wide} {-high * 0.62} {wide} {-high * 0.5} L {wide} -26 Q {wide} 0 {wide - 26} 0 "
        f"L {26 - wide} 0 Q {-wide} 0 {-wide} -26 L {-wide} {-high * 0.5} "
        f"C {-wide} {-high * 0.62} {-neck} {-high * 0.6} {-neck} {-high * 0.72} Z"
    )
    body.path(shape, glass)
    side(body, shape, wide * 0.5)
    body.box(-neck - 7, -high - 22, neck + 7, -high + 62, f.dark, 8)
    body.box(-wide, -high * 0.44, wide, -high * 0.14, f.light)
    body.circle(0, -high * 0.335, 34, dice.choice([f.pop, f.mid]))
    body.box(-48, -high * 0.24, 48, -high * 0.24 + 12, f.mid, 6)
    body.box(-32, -high * 0.24 + 24, 32, -high * 0.24 + 34, f.mid, 5)
    body.stroke(
        f"M {-wide + 22} {-high * 0.5} L {-wide + 22} {-high * 0.46}", 11, lighter(glass, 0.4)
    )
    if dice.random() < 0.5:
        tumbler = c.at(150, 14)
        outer = "M -78 -210 L 78 -210 L 64 -14 Q 62 0 48 0 L -48 0 Q -62 0 -64 -14 Z"
        tumbler.path(outer, lighter(f.wall, 0.45))
        with tumbler.inside(outer) as cut:
            cut.box(-100, -128, 100, 10, mix(f.pop, f.light, 0.35))
            cut.at(12, -120, turn=14).box(-34, -34, 30, 30, lighter(f.wall, 0.75), 9)
        return
    for x, size, tone in [(110, 70, f.mid), (216, 62, f.light)]:
        plum = c.at(x, -size + 16)
        plum.circle(0, 0, size, tone)
        plum.stroke(f"M 0 {-size} Q 8 {-size - 30} 34 {-size - 46}", 9, f.leaf)
        plum.stroke(
            f"M {-size * 0.1} {-size * 0.9} Q {-size * 0.5} 0 {-size * 0.1} {size * 0.86}",
            6,
            darker(tone),
        )


def candle(c: Canvas, f: Family, dice: Random) -> None:
    """Draw candles of different height, each with a flame and its glow."""
    count = dice.choice([1, 2, 3])
    places = {1: [0], 2: [-105, 105], 3: [-180, 0, 180]}[count]
    tones = [f.light, f.deep, f.mid]
    dice.shuffle(tones)
    for x, tone in zip(places, tones, strict=False):
        one = c.at(x, dice.uniform(-8, 12))
        high = dice.uniform(180, 430) + (80 if count == 1 else 0)
        wide = dice.uniform(56, 78) * (1.45 if count == 1 else 1)
        shadow(one, f, wide + 34)
        one.circle(0, -high - 88, 120, lighter(f.wall, 0.25))
        one.circle(0, -high - 84, 74, lighter(f.wall, 0.5))
        one.stroke(f"M 0 {-high} L 0 {-high - 40}", 8, f.dark)
        one.path(
            f"M 0 {-high - 30} C -52 {-high - 62} -18 {-high - 110} 4 {-high - 158} "
            f"C 26 {-high - 110} 50 {-high - 66} 0 {-high - 30} Z",
            (240, 158, 60),
        )
        one.path(
            f"M 0 {-high - 32} C -26 {-high - 52} -8 {-high - 84} 3 {-high - 106} "
            f"C 14 {-high - 84} 26 {-high - 54} 0 {-high - 32} Z",
            (253, 222, 140),
        )
        shape = written(rounded(-wide, -high, wide, 0, 16))
        one.path(shape, tone)
        side(one, shape, wide * 0.45)
        one.path(
            f"M {-wide} {-high + 16} Q {-wide} {-high} {-wide + 18} {-high} L {wide * 0.3} {-high} "
            f"C {wide * 0.2} {-high + 90} {-wide * 0.1} {-high + 90} {-wide * 0.2} {-high + 44} "
            f"C {-wide * 0.4} {-high + 20} {-wide * 0.6} {-high + 120} {-wide} {-high + 60} Z",
            lighter(tone, 0.35),
        )
        one.polygon(arc(0, -6, wide + 46, 24, 0, 180), f.dark)


def jar(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a jar of honey or jam with a cloth lid and a label."""
    wide, high = dice.uniform(150, 180), dice.uniform(330, 400)
    shadow(c, f, wide + 20)
    shape = written(rounded(-wide, -high, wide, 0, 60))
    c.path(shape, lighter(f.wall, 0.55))
    fill = dice.choice([(222, 150, 52), f.deep, f.pop])
    with c.inside(written(rounded(-wide + 18, -high + 40, wide - 18, -18, 46))) as cut:
        cut.path(
            f"M -300 {-high * 0.78} Q -60 {-high * 0.84} 80 {-high * 0.77} T 300 "
            f"{-high * 0.8} ".replace("T", "L")
            + "L 300 20 L -300 20 Z",
            fill,
        )
        cut.box(wide * 0.55, -high, 400, 20, darker(fill, 0.1))
    c.box(-wide * 0.66, -high * 0.6, wide * 0.66, -high * 0.2, f.light, 12)
    leaf(c.at(-4, -high * 0.27, turn=-24), f.leaf, high * 0.24, 44)
    leaf(c.at(6, -high * 0.27, turn=30), mix(f.leaf, f.light, 0.2), high * 0.2, 40)
    c.box(-wide + 10, -high - 22, wide - 10, -high + 34, f.mid, 12)
    cloth = (
        f"M {-wide + 6} {-high - 76} Q 0 {-high - 116} {wide - 6} {-high - 76} "
        f"L {wide + 34} {-high + 30} Q {wide * 0.75} {-high + 4} {wide * 0.5} {-high + 32} "
        f"Q {wide * 0.25} {-high + 6} 0 {-high + 34} Q {-wide * 0.25} {-high + 6} "
        f"{-wide * 0.5} {-high + 32} Q {-wide * 0.75} {-high + 4} {-wide - 34} {-high + 30} Z"
    )
    c.path(cloth, f.deep if fill != f.deep else f.light)
    printed(
        c,
        cloth,
        f.light if fill != f.deep else f.mid,
        dice,
        (-wide - 40, -high - 120, wide + 40, -high + 40),
        dice.choice(["dots", "checks"]),
    )
    c.stroke(f"M {-wide + 4} {-high - 22} Q 0 {-high - 4} {wide - 4} {-high - 22}", 12, f.pop)


def tin(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a tea tin with loose leaves and a scoop."""
    main, trim = suit(f, dice)
    wide, high = dice.uniform(130, 160), dice.uniform(340, 420)
    shadow(c, f, 290, 30)
    body = c.at(-80)
    shape = written(rounded(-wide, -high, wide, 0, 22))
    body.path(shape, main)
    side(body, shape, wide * 0.5)
    body.box(-wide - 8, -high - 70, wide + 8, -high + 34, mix(main, trim, 0.35), 18)
    body.box(-wide * 0.62, -high * 0.72, wide * 0.62, -high * 0.2, trim, 14)
    mark = f.pop if trim == f.light else f.light
    for turn in (-50, 0, 50):
        leaf(body.at(0, -high * 0.32, turn=turn), mark, high * 0.24, 46)
    for _ in range(16):
        x, y = 120 + dice.gauss(70, 55), dice.uniform(-14, 18)
        c.at(x, y, turn=dice.uniform(0, 180)).ellipse(0, 0, 20, 7, dice.choice([f.leaf, f.dark]))
    c.stroke("M 250 6 L 350 -60", 15, f.dark)
    c.ellipse(220, 8, 50, 26, darker(f.dark))
    c.ellipse(220, 0, 44, 18, f.leaf)
