"""Things of the room: plants, lamps, chairs, clocks, baskets."""

from __future__ import annotations

import math
from random import Random

from banyan.ops.demo.drawings.canvas import Canvas, rounded, written
from banyan.ops.demo.drawings.palette import Colour, Family, mix
from banyan.ops.demo.drawings.touches import darker, leaf, lighter, printed, shadow, side, suit

Edges = tuple[float, float, float, float]


def _pot(c: Canvas, f: Family, dice: Random, wide: float, high: float) -> None:
    main, trim = dice.choice([(f.light, f.mid), (f.pop, f.light), (f.mid, f.light)])
    shape = f"M {-wide} {-high} L {wide} {-high} L {wide * 0.76} 0 L {-wide * 0.76} 0 Z"
    c.path(shape, main)
    printed(c, shape, mix(main, trim, 0.7), dice, (-wide, -high * 0.7, wide, -high * 0.15))
    side(c, shape, wide * 0.42)
    c.box(-wide - 12, -high - 10, wide + 12, -high + 46, darker(main, 0.05), 10)


def plant(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a plant with broad, round or trailing leaves."""
    wide, high = dice.uniform(125, 160), dice.uniform(210, 260)
    shadow(c, f, wide + 10)
    green = f.leaf
    kind = dice.choice(["broad", "round", "fern"])
    if kind == "broad":
        count = dice.choice([5, 6, 7])
        order = sorted(range(count), key=lambda n: -abs(n - (count - 1) / 2))
        for number in order:
            lean = (number - (count - 1) / 2) * (132 / count)
            tone = mix(green, f.light, 0.16) if number % 2 else green
            length = dice.uniform(330, 400) - abs(lean) * 0.9
            leaf(c.at(lean * 0.5, -high + 20, turn=lean), tone, length, dice.uniform(118, 150))
    elif kind == "round":
        for number in range(7):
            lean = (number - 3) * 21 + dice.uniform(-4, 4)
            length = dice.uniform(190, 380) - abs(lean) * 1.1
            stem = c.at(0, -high + 10, turn=lean)
            stem.stroke(f"M 0 0 Q {lean * 0.7} {-length * 0.6} 0 {-length}", 9, darker(green))
            tone = mix(green, f.light, 0.18) if number % 2 else green
            stem.at(0, -length - 46, turn=-lean * 0.5).ellipse(0, 0, 74, 66, tone)
            stem.stroke(f"M 0 {-length} L 0 {-length - 64}", 4, lighter(green, 0.25))
    else:
        for number in range(9):
            lean = (number - 4) * 19.0
            stem = c.at(0, -high + 10, turn=lean)
            bend = 70 * math.copysign(1, lean) if lean else 0
            length = 360 - abs(lean) * 0.8
            stem.stroke(f"M 0 0 Q 0 {-length * 0.6} {bend} {-length}", 8, darker(green))
            for step in range(2, 9):
                t = step / 8.5
                x, y = bend * t * t, -length * (1.2 * t * (1 - t) + t * t)
                for turn in (62, -62):
                    tone = green if step % 2 else mix(green, f.light, 0.15)
                    stem.at(x, y, turn=turn).ellipse(
                        0, -36 * (1.15 - t * 0.6), 12, 38 * (1.15 - t * 0.6), tone
                    )
    _pot(c, f, dice, wide, high)


def cactus(c: Canvas, f: Family, dice: Random) -> None:
    """Draw one to three small cacti in pots."""
    places = dice.choice([[0], [-150, 150], [-215, 0, 215]])
    for number, x in enumerate(places):
        one = c.at(x, dice.uniform(-10, 10), scale=1.25 if len(places) == 1 else 0.86)
        wide, high = dice.uniform(90, 112), dice.uniform(140, 170)
        shadow(one, f, wide + 4)
        green = mix(f.leaf, f.light, 0.08 * number)
        if dice.random() < 0.5:
            tall = dice.uniform(240, 330)
            one.stroke(f"M 0 {-high} L 0 {-high - tall}", 96, green)
            one.stroke(
                f"M 0 {-high - tall * 0.4} L 92 {-high - tall * 0.46} L 92 {-high - tall * 0.72}",
                48,
                green,
            )
            one.stroke(
                f"M 0 {-high - tall * 0.3} L -86 {-high - tall * 0.3} L -86 {-high - tall * 0.5}",
                44,
                green,
            )
            marks = [(dx, -high - tall * t) for dx in (-22, 20) for t in (0.2, 0.45, 0.7, 0.95)]
            top = -high - tall - 46
        else:
            one.ellipse(0, -high - 84, 116, 112, green)
            for dx in (-66, -24, 24, 66):
                one.stroke(
                    f"M {dx * 0.5} {-high - 186} Q {dx * 1.5} {-high - 90} {dx * 0.8} {-high}",
                    6,
                    darker(green, 0.16),
                )
            marks = [(dx, -high - 60 - dy) for dx in (-70, -6, 60) for dy in (0, 62)]
            top = -high - 194
        for dx, y in marks:
            one.stroke(f"M {dx - 7} {y - 8} L {dx} {y} L {dx + 7} {y - 8}", 4, lighter(green, 0.55))
        if dice.random() < 0.7:
            for turn in (-60, -20, 20, 60):
                one.at(0, top + 12, turn=turn).ellipse(0, -22, 13, 26, f.pop)
        _pot(one, f, dice, wide, high)


def lamp(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a table lamp with its light."""
    high, wide = dice.uniform(520, 620), dice.uniform(150, 200)
    shade_high = dice.uniform(170, 220)
    shadow(c, f, 140)
    c.path(
        f"M {-wide + 10} {-high + shade_high} L {wide - 10} {-high + shade_high} L "
        f"{wide + 150} -10 "
        f"L {-wide - 150} -10 Z",
        lighter(f.wall, 0.22),
    )
    shadow(c, f, 130)
    foot = dice.choice(["ball", "stick", "vase"])
    if foot == "ball":
        for number, radius in enumerate((92, 66, 44)):
            c.circle(0, (-92, -236, -336)[number], radius, (f.deep, f.mid, f.light)[number])
    elif foot == "vase":
        c.path(
            "M -60 0 L 60 0 C 150 -110 100 -250 26 -300 L -26 -300 C -100 -250 -150 -110 -60 0 Z",
            f.deep,
        )
        side(
            c,
            "M -60 0 L 60 0 C 150 -110 100 -250 26 -300 L -26 -300 C -100 -250 -150 -110 -60 0 Z",
            50,
        )
    else:
        c.box(-110, -30, 110, 0, f.dark, 15)
    c.stroke(
        f"M 0 -20 L 0 {-high + 20}" if foot == "stick" else f"M 0 -300 L 0 {-high + 20}", 18, f.dark
    )
    narrow = wide * dice.choice([0.35, 0.6, 0.95])
    top = -high
    shape = (
        f"M {-narrow} {top} L {narrow} {top} L {wide} {top + shade_high} "
        f"L {-wide} {top + shade_high} Z"
    )
    main = dice.choice([f.light, f.pop, f.mid])
    c.path(shape, main)
    printed(
        c,
        shape,
        mix(main, f.deep, 0.35),
        dice,
        (-wide, top, wide, top + shade_high),
        dice.choice(["plain", "stripes", "bands"]),
    )
    with c.inside(shape) as cut:
        cut.box(-300, top + shade_high - 18, 300, top + shade_high, mix(main, f.deep, 0.4))


def chair(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a chair from the front or an armchair."""
    if dice.random() < 0.5:
        _armchair(c, f, dice)
        return
    wood = dice.choice([f.deep, f.dark, mix(f.deep, f.mid, 0.4)])
    shadow(c, f, 215)
    for x0, x1 in ((-150, -190), (150, 190)):
        c.stroke(f"M {x0} -290 L {x1} -8", 26, wood)
    for x0, x1 in ((-110, -122), (110, 122)):
        c.stroke(f"M {x0} -290 L {x1} -40", 22, darker(wood, 0.25))
    style = dice.choice(["bars", "shell", "ladder"])
    if style == "shell":
        c.path("M -150 -300 C -190 -520 -150 -640 0 -640 C 150 -640 190 -520 150 -300 Z", f.light)
        side(
            c,
            "M -150 -300 C -190 -520 -150 -640 0 -640 C 150 -640 190 -520 150 -300 Z",
            70,
        )
    else:
        c.stroke("M -150 -300 L -166 -650", 26, wood)
        c.stroke("M 150 -300 L 166 -650", 26, wood)
        c.stroke("M -164 -630 Q 0 -670 164 -630", 46, wood)
        if style == "bars":
            for x in (-90, -30, 30, 90):
                c.stroke(f"M {x} -310 L {x * 1.08} -630", 14, wood)
        else:
            for y in (-420, -520):
                c.stroke(f"M -156 {y} Q 0 {y - 30} 156 {y}", 30, wood)
    cushion = dice.choice([f.pop, f.light, f.mid])
    c.box(-200, -330, 200, -270, darker(wood, 0.08), 28)
    shape = written(rounded(-186, -362, 186, -312, 26))
    c.path(shape, cushion)
    printed(c, shape, mix(cushion, f.deep, 0.4), dice, (-186, -362, 186, -312), "stripes")


def _armchair(c: Canvas, f: Family, dice: Random) -> None:
    main, trim = dice.choice([(f.deep, f.light), (f.mid, f.deep), (f.light, f.mid)])
    shadow(c, f, 300)
    for x in (-210, 210):
        c.stroke(f"M {x} -90 L {x * 1.07} -8", 26, f.dark)
    back = (
        "M -240 -120 L -240 -440 C -240 -600 -150 -620 0 -620 C 150 -620 240 -600 240 -440 L "
        "240 -120 Z"
    )
    c.path(back, darker(main, 0.06))
    for x in (-80, 80):
        c.stroke(f"M {x} -300 L {x} -560", 6, darker(main, 0.2))
    c.box(-210, -310, 210, -180, lighter(main, 0.1), 44)
    c.box(-230, -210, 230, -80, darker(main, 0.02), 30)
    for sign in (-1, 1):
        arm = c.at(sign * 245)
        arm.box(-66, -380, 66, -76, main, 62)
        arm.box(-40, -350, 40, -110, darker(main, 0.06), 40)
    pillow = c.at(dice.choice([-70, 70]), -360, turn=dice.uniform(-12, 12))
    shape = written(rounded(-104, -92, 104, 92, 26))
    pillow.path(shape, trim)
    printed(pillow, shape, mix(trim, f.pop, 0.8), dice, (-104, -92, 104, 92))


def clock(c: Canvas, f: Family, dice: Random) -> None:
    """Draw an alarm clock or a wooden mantel clock."""
    main, trim = suit(f, dice)
    radius = dice.uniform(190, 225)
    y = -radius - 50
    shadow(c, f, radius)
    if dice.random() < 0.6:
        for sign in (-1, 1):
            c.stroke(
                f"M {sign * radius * 0.5} {y + radius * 0.7} L {sign * radius * 0.74} -12",
                30,
                f.dark,
            )
            bell = c.at(sign * radius * 0.6, y - radius * 0.86, turn=sign * 32)
            bell.path("M -92 20 C -92 -84 92 -84 92 20 Z", f.mid if main != f.mid else f.deep)
        c.stroke(f"M -64 {y - radius - 40} Q 0 {y - radius - 128} 64 {y - radius - 40}", 20, f.dark)
    else:
        y = -radius - 96
        c.path(
            f"M {-radius - 60} 0 L {-radius - 60} {y} C {-radius - 60} {y - radius * 1.5} "
            f"{radius + 60} {y - radius * 1.5} {radius + 60} {y} L {radius + 60} 0 Z",
            f.dark,
        )
        c.box(-radius - 96, -44, radius + 96, 0, darker(f.dark), 14)
    c.circle(0, y, radius, main)
    c.circle(0, y, radius * 0.8, (252, 248, 240))
    for hour in range(12):
        mark = c.at(0, y, turn=hour * 30)
        mark.box(-5, -radius * 0.73, 5, -radius * (0.6 if hour % 3 == 0 else 0.66), f.dark, 4)
    hour, minute = dice.randrange(12), dice.randrange(0, 60, 5)
    c.at(0, y, turn=hour * 30 + minute / 2).stroke(f"M 0 0 L 0 {-radius * 0.38}", 20, f.dark)
    c.at(0, y, turn=minute * 6).stroke(f"M 0 0 L 0 {-radius * 0.58}", 14, f.dark)
    c.at(0, y, turn=dice.uniform(0, 360)).stroke(
        f"M 0 {radius * 0.12} L 0 {-radius * 0.6}", 6, f.pop if trim != f.pop else f.deep
    )
    c.circle(0, y, 15, f.deep)


def frame(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a framed picture of hills, of a moon over water, or of shapes."""
    wide, high = dice.uniform(220, 260), dice.uniform(560, 640)
    shadow(c, f, wide)
    c.box(-wide, -high, wide, 0, f.dark if dice.random() < 0.5 else f.light, 8)
    c.box(-wide + 30, -high + 30, wide - 30, -30, (251, 247, 239))
    left, top, right, bottom = -wide + 76, -high + 84, wide - 76, -84
    with c.inside(written(rounded(left, top, right, bottom, 0))) as cut:
        cut.box(left, top, right, bottom, lighter(f.wall, 0.2))
        motif = dice.choice([_hills, _moon, _shapes])
        motif(cut, f, dice, (left, top, right, bottom))


def _hills(c: Canvas, f: Family, dice: Random, edges: Edges) -> None:
    left, top, right, bottom = edges
    c.circle(dice.uniform(left + 70, right - 70), top + 110, 54, f.pop)
    for number, tone in enumerate((f.glow, f.mid, f.deep)):
        y = top + (bottom - top) * (0.42 + number * 0.19)
        d = dice.uniform(-60, 60)
        c.path(
            f"M {left} {y + 20} C {left + 90} {y - 90 + d} -20 {y + 80 - d} {right} {y - 40} "
            f"L {right} {bottom} L {left} {bottom} Z",
            tone,
        )


def _moon(c: Canvas, f: Family, dice: Random, edges: Edges) -> None:
    left, top, right, bottom = edges
    c.box(left, top, right, bottom, f.deep)
    c.circle(0, top + (bottom - top) * dice.uniform(0.3, 0.42), dice.uniform(66, 92), f.light)
    c.box(left, bottom - 150, right, bottom, f.dark)
    for number in range(5):
        half = 70 - number * 12
        c.box(-half, bottom - 128 + number * 26, half, bottom - 118 + number * 26, f.light, 5)


def _shapes(c: Canvas, f: Family, dice: Random, edges: Edges) -> None:
    left, top, right, bottom = edges
    for tone in (f.mid, f.deep, f.pop, f.light):
        spot = c.at(dice.uniform(left, right), dice.uniform(top, bottom), turn=dice.uniform(0, 45))
        size = dice.uniform(60, 120)
        form = dice.choice(["disc", "square", "triangle"])
        if form == "disc":
            spot.circle(0, 0, size, tone)
        elif form == "square":
            spot.box(-size, -size, size, size, tone)
        else:
            spot.polygon([(0, -size), (size, size), (-size, size)], tone)


def basket(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a woven basket with folded blankets."""
    wide, high = dice.uniform(220, 260), dice.uniform(270, 330)
    shadow(c, f, wide)
    straw = mix(f.mid, (222, 184, 128), 0.75)
    tones: list[Colour] = [f.light, f.deep, f.pop]
    dice.shuffle(tones)
    for number, tone in enumerate(tones):
        y = -high - 108 + number * 46
        cloth = written(rounded(-wide + 46 - number * 6, y, wide - 50 + number * 6, y + 110, 40))
        c.path(cloth, tone)
        printed(
            c,
            cloth,
            mix(tone, f.mid, 0.6),
            dice,
            (-wide, y, wide, y + 110),
            dice.choice(["plain", "stripes", "plain"]),
        )
    shape = (
        f"M {-wide} {-high} L {wide} {-high} L {wide * 0.82} -40 Q {wide * 0.8} 0 {wide * 0.6} 0 "
        f"L {-wide * 0.6} 0 Q {-wide * 0.8} 0 {-wide * 0.82} -40 Z"
    )
    c.path(shape, straw)
    with c.inside(shape) as cut:
        rows = 7
        for row in range(rows):
            y = -high + row * high / rows
            for column in range(-7, 8):
                x = column * 42 + (21 if row % 2 else 0)
                cut.box(x - 18, y + 8, x + 18, y + high / rows - 8, darker(straw, 0.13), 14)
    side(c, shape, wide * 0.72)
    for sign in (-1, 1):
        c.stroke(
            f"M {sign * (wide - 26)} {-high + 10} C {sign * (wide + 70)} {-high - 40} "
            f"{sign * (wide + 70)} {-high + 110} {sign * (wide - 34)} {-high + 96}",
            20,
            darker(straw, 0.2),
        )
    c.box(-wide - 8, -high - 14, wide + 8, -high + 22, darker(straw, 0.16), 17)
