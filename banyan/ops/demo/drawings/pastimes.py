"""Things of leisure: books, cameras, music, making, going out."""

from __future__ import annotations

import math
from random import Random

from banyan.ops.demo.drawings.canvas import Canvas, arc, ring, rounded, written
from banyan.ops.demo.drawings.palette import Family, mix
from banyan.ops.demo.drawings.touches import darker, leaf, lighter, printed, shadow, side, suit


def book(c: Canvas, f: Family, dice: Random) -> None:
    """Draw one standing book, or a pile with spectacles or a small plant on top."""
    if dice.random() < 0.4:
        _pile(c, f, dice)
        return
    main, trim = dice.choice(
        [(f.light, f.deep), (f.light, f.deep), (f.deep, f.light), (f.mid, f.light)]
    )
    wide, high = dice.uniform(200, 230), dice.uniform(580, 640)
    shadow(c, f, wide)
    c.box(-wide - 24, -high, -wide + 40, 0, f.deep if main != f.deep else f.dark, 18)
    c.box(wide - 30, -high + 14, wide + 8, -10, (250, 244, 232), 4)
    shape = written(rounded(-wide + 14, -high, wide, 0, 10))
    c.path(shape, main)
    c.box(-wide + 70, -high + 110, wide - 60, -high + 138, trim, 14)
    c.box(-wide + 70, -high + 176, wide * 0.3, -high + 204, trim, 14)
    y = -high * 0.34
    motif = dice.choice(["disc", "leaf", "waves", "moon", "house"])
    tone = mix(main, trim, 0.45) if dice.random() < 0.6 else f.pop
    if motif == "disc":
        c.circle(6, y, 92, tone)
    elif motif == "leaf":
        for turn in (-40, 0, 40):
            leaf(c.at(6, y + 100, turn=turn), tone, 200, 84)
    elif motif == "waves":
        for number in range(3):
            at = y - 50 + number * 62
            c.stroke(
                f"M -110 {at} C -70 {at - 70} -30 {at + 70} 10 {at} C 50 {at - 70} 90 "
                f"{at + 70} 130 {at}",
                22,
                tone,
            )
    elif motif == "moon":
        c.circle(6, y, 100, tone)
        c.circle(48, y - 26, 84, main)
    else:
        c.path(
            f"M -100 {y + 90} L -100 {y - 20} L 6 {y - 120} L 112 {y - 20} L 112 {y + 90} Z", tone
        )
        c.box(-18, y + 10, 36, y + 90, main, 6)


def _pile(c: Canvas, f: Family, dice: Random) -> None:
    shadow(c, f, 270)
    tones = [f.deep, f.light, f.mid, f.pop, f.dark]
    dice.shuffle(tones)
    y = 0.0
    for tone in tones[: dice.choice([3, 4, 5])]:
        high, wide = dice.uniform(74, 104), dice.uniform(220, 275)
        x = dice.uniform(-26, 26)
        one = c.at(x, y, mirror=dice.random() < 0.5)
        one.box(-wide, -high, wide, 0, tone, 14)
        one.box(-wide + 30, -high + 15, wide + 2, -15, (251, 245, 233), 6)
        for line in (0.4, 0.62):
            one.box(-wide + 40, -high * line - 2, wide, -high * line + 2, (229, 219, 200))
        one.box(-wide, -high, -wide + 60, 0, tone, 14)
        one.box(-wide + 110, -high, -wide + 150, 0, darker(tone, 0.12))
        y -= high
    top = c.at(dice.uniform(-60, 60), y)
    if dice.random() < 0.5:
        top.stroke("M -90 -30 C -60 -60 -40 -60 -6 -30 C 28 -60 50 -60 84 -30", 12, f.dark)
        for x in (-54, 48):
            top.circle(x, -44, 46, f.dark)
            top.circle(x, -44, 34, lighter(f.wall, 0.6))
    else:
        top.path("M -80 -130 L 80 -130 L 62 -12 Q 58 0 44 0 L -44 0 Q -58 0 -62 -12 Z", f.light)
        for turn in (-44, -14, 16, 46):
            leaf(top.at(0, -124, turn=turn), f.leaf, 170, 66)


def camera(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a camera from the front, with its strap."""
    main, trim = dice.choice(
        [(f.deep, f.light), (f.dark, f.mid), (f.light, f.deep), (f.mid, f.light)]
    )
    wide, high = dice.uniform(270, 300), dice.uniform(320, 360)
    shadow(c, f, wide)
    c.stroke(
        f"M {-wide + 10} {-high + 50} C {-wide - 160} {-high - 330} {wide + 160} {-high - 330} "
        f"{wide - 10} {-high + 50}",
        20,
        f.dark if main != f.dark else f.deep,
    )
    c.box(-100, -high - 62, 100, -high + 40, darker(main, 0.08), 26)
    c.box(-wide + 46, -high - 28, -wide + 140, -high + 30, f.pop, 12)
    c.box(wide - 120, -high - 20, wide - 50, -high + 30, darker(main, 0.2), 10)
    shape = written(rounded(-wide, -high, wide, 0, 46))
    c.path(shape, main)
    with c.inside(shape) as cut:
        cut.box(-400, -high * 0.76, 400, -high * 0.2, mix(main, trim, 0.22))
    side(c, shape, wide * 0.86)
    y, lens = -high * 0.47, dice.uniform(132, 150)
    c.circle(0, y, lens, (248, 242, 232) if main != f.light else f.deep)
    c.circle(0, y, lens - 24, f.dark)
    c.circle(0, y, lens - 56, mix(f.deep, f.dark, 0.4))
    c.circle(0, y, 42, darker(f.dark, 0.4))
    c.circle(-36, y - 40, 22, lighter(f.wall, 0.6))
    c.box(wide - 116, -high + 50, wide - 36, -high + 104, lighter(f.wall, 0.55), 12)


def headphones(c: Canvas, f: Family, dice: Random) -> None:
    """Draw headphones on a stand."""
    main, trim = suit(f, dice)
    shadow(c, f, 170)
    c.box(-140, -28, 140, 0, f.dark, 14)
    c.stroke("M 0 -20 L 0 -590", 24, f.dark)
    c.stroke("M -90 -600 Q 0 -640 90 -600", 34, f.dark)
    wide = dice.uniform(220, 250)
    c.stroke(f"M {-wide} -300 C {-wide - 20} -760 {wide + 20} -760 {wide} -300", 40, main)
    c.stroke("M -130 -590 C -70 -650 70 -650 130 -590", 22, trim)
    for sign in (-1, 1):
        cup = c.at(sign * wide, -270, turn=sign * -5)
        cup.box(-40 - sign * 34, -124, 40 - sign * 34, 124, trim, 38)
        cup.box(-46 + sign * 16, -140, 46 + sign * 16, 140, main, 44)
        cup.box(-20 + sign * 22, -84, 20 + sign * 22, 84, mix(main, trim, 0.35), 20)
    if dice.random() < 0.5:
        c.stroke(
            f"M {-wide} -130 C {-wide} 60 -300 70 -330 -20 C -350 -80 -410 -60 -400 20", 10, f.dark
        )


def bicycle(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a town bicycle, perhaps with a basket of flowers."""
    main = dice.choice([f.deep, f.pop, f.light])
    place = c.at(0, -4, mirror=dice.random() < 0.5)
    c.ellipse(0, 2, 400, 22, f.shade)
    r, tyre = 168, f.dark
    rear, front = (-222, -r), (222, -r)
    for x, y in (rear, front):
        place.path(written(ring(x, y, r, r)), tyre)
        place.path(written(ring(x, y, r - 17, r - 17)), lighter(f.wall, 0.18))
        place.path(written(ring(x, y, r - 17, r - 17)), lighter(f.wall, 0.18))
        for spoke in range(0, 180, 30):
            dx, dy = (
                math.cos(math.radians(spoke)) * (r - 18),
                math.sin(math.radians(spoke)) * (r - 18),
            )
            place.stroke(f"M {x - dx} {y - dy} L {x + dx} {y + dy}", 3.5, mix(f.dark, f.wall, 0.45))
        place.circle(x, y, 18, tyre)
    crank, seat, head = (-40, -180), (-108, -440), (150, -452)
    low = f"L {rear[0]} {rear[1]} L {crank[0]} {crank[1]} L {seat[0] + 22} {seat[1] + 66}"
    place.stroke(f"M {seat[0] + 22} {seat[1] + 66} {low}", 19, main)
    if dice.random() < 0.5:
        place.stroke(
            f"M {crank[0]} {crank[1]} C 60 -200 130 -300 {head[0]} {head[1] + 50}", 21, main
        )
    else:
        place.stroke(f"M {crank[0]} {crank[1]} L {head[0]} {head[1] + 60}", 21, main)
        place.stroke(f"M {seat[0] + 20} {seat[1] + 76} L {head[0]} {head[1] + 30}", 21, main)
    place.stroke(f"M {seat[0]} {seat[1]} L {crank[0]} {crank[1]}", 16, darker(main, 0.1))
    place.stroke(
        f"M {head[0] - 10} {head[1] - 60} L {head[0] + 8} {head[1] + 60} Q 180 -260 "
        f"{front[0]} {front[1]}",
        19,
        main,
    )
    place.stroke(f"M {head[0] - 10} {head[1] - 56} C 110 -560 60 -540 40 -500", 15, f.dark)
    place.stroke("M 28 -492 L 56 -516", 24, darker(f.dark))
    place.path("M -186 -462 C -160 -490 -60 -486 -40 -462 C -70 -440 -130 -430 -186 -462 Z", f.dark)
    place.stroke(
        f"M {rear[0] - 150} -250 C {rear[0] - 90} -370 {rear[0] + 80} -370 {rear[0] + 150} -250",
        14,
        main,
    )
    place.circle(*crank, 40, f.dark)
    place.circle(*crank, 24, main)
    place.stroke(f"M {crank[0]} {crank[1]} L {crank[0] + 44} {crank[1] + 82}", 13, f.dark)
    place.stroke(f"M {crank[0] + 14} {crank[1] + 84} L {crank[0] + 76} {crank[1] + 84}", 15, f.dark)
    if dice.random() < 0.7:
        _flower_basket(place.at(236, -420), f, dice)


def _flower_basket(c: Canvas, f: Family, dice: Random) -> None:
    for number in range(7):
        x, y = -84 + number * 28, dice.uniform(-150, -108)
        c.stroke(f"M {x * 0.6} -40 L {x} {y}", 7, f.leaf)
        tone = (f.pop, f.light, f.mid)[number % 3]
        c.circle(x, y, 28, tone)
        c.circle(x, y, 10, (244, 206, 96))
    shape = "M -100 -96 L 100 -96 L 78 40 L -78 40 Z"
    straw = (214, 170, 112)
    c.path(shape, straw)
    printed(c, shape, darker(straw, 0.16), dice, (-104, -96, 104, 46), "checks")
    c.stroke("M -102 -92 L 102 -92", 16, darker(straw, 0.2))


def guitar(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a guitar that leans a little."""
    main = dice.choice([mix(f.mid, (214, 150, 84), 0.55), f.deep, f.light])
    shadow(c, f, 200)
    one = c.at(0, -14, turn=dice.choice([-7, 7, 0]))
    one.box(-24, -790, 24, -330, f.dark, 8)
    one.path("M -34 -880 L 34 -880 L 44 -780 L -44 -780 Z", darker(f.dark, 0.2))
    for y in (-860, -830, -800):
        one.box(-58, y - 8, 58, y + 8, f.light, 8)
    one.box(-34, -880, 34, -784, darker(f.dark, 0.2), 8)
    body = (
        "M 0 -410 C 110 -450 160 -380 140 -310 C 128 -260 130 -240 160 -200 C 230 -110 180 0 0 0 "
        "C -180 0 -230 -110 -160 -200 C -130 -240 -128 -260 -140 -310 C -160 -380 -110 "
        "-450 0 -410 Z"
    )
    one.path(body, darker(main, 0.22))
    one.at(0, -8, scale=0.94).path(body, main)
    one.box(-24, -430, 24, -270, f.dark)
    one.circle(0, -250, 62, darker(main, 0.3))
    one.circle(0, -250, 50, darker(f.dark, 0.4))
    one.box(-84, -106, 84, -72, f.dark, 10)
    for x in (-14, -5, 5, 14):
        one.stroke(f"M {x} -790 L {x} -92", 3, (246, 238, 220))
    for number in range(9):
        y = -760 + number * 46
        one.box(-24, y, 24, y + 4, f.mid)


def yarn(c: Canvas, f: Family, dice: Random) -> None:
    """Draw balls of yarn with needles."""
    tones = [f.deep, f.light, f.mid, f.pop]
    dice.shuffle(tones)
    shadow(c, f, 290)
    c.stroke("M -250 -470 L 60 -60", 18, (226, 190, 132))
    c.stroke("M 250 -500 L -40 -80", 18, (214, 174, 112))
    for x, y in ((-252, -474), (252, -504)):
        c.circle(x, y, 26, f.dark)
    spots = [(0, -300, 132), (-160, -136, 150), (160, -126, 140)]
    for (x, y, r), tone in zip(spots, tones, strict=False):
        ball = c.at(x, y, turn=dice.uniform(0, 360))
        ball.circle(0, 0, r, tone)
        with ball.inside(ring(0, 0, r, r)) as cut:
            line = darker(tone, 0.15)
            for number in range(-3, 4):
                d = number * r * 0.26
                cut.stroke(f"M {d} {-r} Q {d + r * 0.6} 0 {d} {r}", 8, line)
            for number in range(3):
                d = r * (0.1 + number * 0.26)
                cut.stroke(
                    f"M {-r} {-d} Q {-r * 0.2} {-d * 1.6 - 20} {r * 0.5} {-r}",
                    8,
                    lighter(tone, 0.3),
                )
    c.stroke("M 250 -20 C 330 30 380 -40 330 -60 C 280 -76 280 10 410 6", 9, tones[2])


def radio(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a small radio with a handle and an aerial."""
    main, trim = suit(f, dice)
    wide, high = dice.uniform(270, 310), dice.uniform(300, 340)
    shadow(c, f, wide)
    c.stroke(f"M {wide - 70} {-high} L {wide + 60} {-high - 330}", 10, f.dark)
    c.circle(wide + 60, -high - 330, 16, f.dark)
    c.stroke(
        f"M {-wide + 90} {-high + 6} C {-wide + 90} {-high - 110} {wide - 150} {-high - 110} "
        f"{wide - 150} {-high + 6}",
        24,
        f.dark,
    )
    for x in (-wide + 70, wide - 70):
        c.box(x - 34, -20, x + 34, 6, f.dark, 8)
    shape = written(rounded(-wide, -high, wide, -6, 54))
    c.path(shape, main)
    side(c, shape, wide * 0.88)
    grille = ring(-wide * 0.42, -high * 0.5, 118, 118)
    c.polygon(grille, f.dark)
    with c.inside(grille) as cut:
        for row in range(9):
            for column in range(9):
                cut.circle(
                    -wide * 0.42 - 104 + column * 26,
                    -high * 0.5 - 104 + row * 26,
                    7,
                    mix(f.dark, trim, 0.55),
                )
    c.box(wide * 0.1, -high * 0.8, wide - 44, -high * 0.5, (251, 245, 232), 14)
    for number in range(8):
        x = wide * 0.1 + 26 + number * (wide * 0.74 - 10) / 8
        c.stroke(f"M {x} {-high * 0.74} L {x} {-high * (0.66 if number % 2 else 0.62)}", 5, f.dark)
    needle = dice.uniform(wide * 0.2, wide * 0.7)
    c.stroke(f"M {needle} {-high * 0.78} L {needle} {-high * 0.52}", 7, (201, 60, 40))
    for x in (wide * 0.26, wide * 0.66):
        c.circle(x, -high * 0.27, 44, trim)
        c.at(x, -high * 0.27, turn=dice.uniform(0, 360)).stroke(
            "M 0 -10 L 0 -32", 8, darker(trim, 0.3)
        )


def watch(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a wristwatch standing on a cushion."""
    strap = dice.choice([f.deep, f.dark, f.mid])
    shadow(c, f, 210)
    c.box(-215, -150, 215, 0, f.light, 60)
    c.box(-215, -64, 215, 0, darker(f.light, 0.07), 50)
    c.path("M -86 -620 Q 0 -660 86 -620 L 104 -420 L -104 -420 Z", strap)
    c.path("M -104 -300 L 104 -300 L 90 -110 Q 0 -84 -90 -110 Z", strap)
    for x in (-70, 70):
        c.stroke(f"M {x} -606 L {x * 1.12} -440", 5, lighter(strap, 0.35))
        c.stroke(f"M {x * 1.12} -280 L {x} -128", 5, lighter(strap, 0.35))
    metal = dice.choice([(222, 184, 110), (214, 216, 220)])
    c.box(150, -384, 190, -342, darker(metal, 0.1), 10)
    square = dice.random() < 0.4
    for size, tone in ((166, metal), (140, (252, 248, 240) if dice.random() < 0.6 else f.deep)):
        if square:
            c.box(-size, -362 - size, size, -362 + size, tone, size * 0.3)
        else:
            c.circle(0, -362, size, tone)
    mark = f.dark if tone[0] > 200 else f.light
    for hour in range(12):
        c.at(0, -362, turn=hour * 30).box(-4, -122, 4, -100 if hour % 3 else -90, mark, 4)
    c.at(0, -362, turn=dice.randrange(0, 360, 15)).stroke("M 0 0 L 0 -56", 14, mark)
    c.at(0, -362, turn=dice.randrange(0, 360, 30)).stroke("M 0 0 L 0 -90", 9, mark)
    c.circle(0, -362, 11, f.pop)


def kite(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a kite in the air with its tail and some clouds."""
    tones = [f.deep, f.light, f.pop, f.mid]
    dice.shuffle(tones)
    for _ in range(3):
        cloud = c.at(
            dice.uniform(-380, 380), dice.uniform(-860, -200), scale=dice.uniform(0.7, 1.1)
        )
        for x, r in ((-70, 46), (0, 70), (74, 50)):
            cloud.circle(x, -r, r, lighter(f.wall, 0.5))
        cloud.box(-116, -46, 124, 0, lighter(f.wall, 0.5), 23)
    one = c.at(40, -620, turn=dice.uniform(8, 30))
    one.stroke("M 0 260 C 90 340 -90 430 20 520 C 90 600 -30 640 10 700", 8, f.dark)
    for number, (x, y) in enumerate(((36, 320), (-30, 440), (50, 560), (6, 680))):
        tail = one.at(x, y, turn=20 * (-1) ** number)
        tone = tones[number % 3]
        tail.path("M 0 0 L -52 -30 L -52 30 Z", tone)
        tail.path("M 0 0 L 52 -30 L 52 30 Z", darker(tone, 0.1))
    one.path("M 0 -270 L -190 -30 L 0 -30 Z", tones[0])
    one.path("M 0 -270 L 190 -30 L 0 -30 Z", tones[1])
    one.path("M -190 -30 L 0 -30 L 0 270 Z", tones[2])
    one.path("M 190 -30 L 0 -30 L 0 270 Z", tones[3])
    one.stroke("M 0 -270 L 0 270", 8, f.dark)
    one.stroke("M -190 -30 L 190 -30", 8, f.dark)


def brushes(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a cup of brushes and pencils with blots of paint."""
    main, trim = suit(f, dice)
    shadow(c, f, 190)
    tones = [f.deep, f.pop, f.light, f.mid, f.leaf]
    dice.shuffle(tones)
    for number in range(5):
        lean = (number - 2) * 13 + dice.uniform(-3, 3)
        one = c.at((number - 2) * 46, -220, turn=lean)
        length = dice.uniform(270, 360)
        wood = (226, 190, 132)
        if number % 2:
            one.box(-17, -length, 17, 40, tones[number], 4)
            one.path(f"M -17 {-length} L 17 {-length} L 0 {-length - 60} Z", wood)
            one.path(f"M -6 {-length - 38} L 6 {-length - 38} L 0 {-length - 60} Z", tones[number])
        else:
            one.box(-10, -length, 10, 40, wood, 6)
            one.box(-17, -length - 50, 17, -length, (206, 208, 210), 4)
            one.path(
                f"M -17 {-length - 50} C -40 {-length - 100} -10 {-length - 120} 0 {-length - 160} "
                f"C 10 {-length - 120} 40 {-length - 100} 17 {-length - 50} Z",
                tones[number],
            )
    shape = "M -150 -330 L 150 -330 L 132 -20 Q 130 0 110 0 L -110 0 Q -130 0 -132 -20 Z"
    c.path(shape, main)
    printed(c, shape, mix(main, trim, 0.75), dice, (-150, -260, 150, -60))
    side(c, shape, 82)
    for number in range(3):
        x = -330 + number * 70 if number < 2 else 290
        c.ellipse(x, dice.uniform(-6, 22), 52, 18, tones[number])
    c.polygon(arc(0, -330, 150, 14, 0, 180), darker(main, 0.1))
