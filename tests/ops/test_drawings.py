"""The demo's pictures: the same in every run, different from each other, and not empty."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter

import pytest
from PIL import Image

from banyan.ops.demo.drawings import FAMILIES, KINDS, draw, draw_avatar, draw_cover
from banyan.ops.demo.drawings.canvas import Canvas, outline
from banyan.ops.demo.drawings.palette import Colour, Family, mix

SMALL = (240, 300)


def digest(picture: Image.Image) -> str:
    return hashlib.sha256(picture.tobytes()).hexdigest()


def share_of_things(picture: Image.Image, family: Family) -> float:
    """Return the part of a picture that is neither wall, glow nor table."""
    place = {family.wall, family.glow, family.table, mix(family.wall, family.glow, 0.55)}
    counts = Counter({colour: n for n, colour in picture.getcolors(maxcolors=1 << 20) or []})
    return 1 - sum(counts[colour] for colour in place) / counts.total()


def test_there_are_many_kinds_of_things_in_six_families_of_colour() -> None:
    assert len(KINDS) >= 24
    assert len(FAMILIES) == 6
    asked_for = {"cup", "plant", "dress", "book", "fruit", "lamp", "chair", "bag", "shoes", "vase"}
    assert asked_for <= KINDS.keys()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_shows_something_and_repeats_itself_exactly(kind: str) -> None:
    for seed in (1, 2, 3):
        picture = draw(kind, seed, size=SMALL, family="sky")
        assert picture.mode == "RGB"
        assert picture.size == SMALL
        assert 0.05 < share_of_things(picture, FAMILIES["sky"]) < 0.8
        assert digest(picture) == digest(draw(kind, seed, size=SMALL, family="sky"))


def test_every_kind_and_seed_gives_a_picture_of_its_own() -> None:
    pictures = [digest(draw(kind, seed, size=SMALL)) for kind in KINDS for seed in range(4)]
    assert len(set(pictures)) == len(pictures)


def test_the_seed_chooses_the_family_unless_one_is_asked_for() -> None:
    corners = {draw("cup", seed, size=SMALL).getpixel((1, 1)) for seed in range(40)}
    grounds = {family.wall for family in FAMILIES.values()}
    assert grounds <= corners | {family.glow for family in FAMILIES.values()}
    for name, family in FAMILIES.items():
        picture = draw("cup", 5, size=SMALL, family=name)
        assert picture.getpixel((SMALL[0] // 2, SMALL[1] - 2)) == family.table


def test_a_fresh_interpreter_draws_the_same_pixels() -> None:
    program = (
        "import hashlib; from banyan.ops.demo.drawings import draw, draw_avatar, draw_cover\n"
        "for p in (draw('vase', 7, size=(240, 300)), draw_avatar(7), draw_cover(7)):\n"
        "    print(hashlib.sha256(p.tobytes()).hexdigest())"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "99", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    here = [draw("vase", 7, size=SMALL), draw_avatar(7), draw_cover(7)]
    assert elsewhere == [digest(picture) for picture in here]


def test_a_picture_fits_whatever_frame_is_asked_for() -> None:
    for size in [(400, 400), (300, 500), (600, 200)]:
        picture = draw("bicycle", 1, size=size, family="rose")
        assert picture.size == size
        assert share_of_things(picture, FAMILIES["rose"]) > 0.05


def test_faces_differ_by_seed_and_keep_the_size_asked_for() -> None:
    faces = [draw_avatar(seed, 96) for seed in range(40)]
    assert {face.size for face in faces} == {(96, 96)}
    assert len({digest(face) for face in faces}) == 40
    assert digest(draw_avatar(3, 96)) == digest(faces[3])
    assert draw_avatar(3).size == (256, 256)


def test_a_cover_shows_the_kinds_of_its_shop() -> None:
    assert draw_cover(1).size == (1600, 600)
    tea = draw_cover(1, (400, 150), kinds=["tin", "teapot"], family="sage")
    assert share_of_things(tea, FAMILIES["sage"]) > 0.1
    others = [
        draw_cover(1, (400, 150), kinds=["book"], family="sage"),
        draw_cover(2, (400, 150), kinds=["tin", "teapot"], family="sage"),
        draw_cover(1, (400, 150), kinds=["tin", "teapot"], family="clay"),
    ]
    assert len({digest(picture) for picture in [tea, *others]}) == 4


def test_unknown_kinds_and_families_are_refused() -> None:
    with pytest.raises(KeyError):
        draw("spaceship", 1, size=SMALL)
    with pytest.raises(KeyError):
        draw("cup", 1, size=SMALL, family="neon")
    with pytest.raises(KeyError):
        draw_cover(1, (400, 150), kinds=["spaceship"])


WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)


def test_edges_are_smoothed() -> None:
    canvas = Canvas.blank((60, 60), WHITE)
    canvas.circle(30, 30, 20.3, BLACK)
    colours = {colour for _, colour in canvas.finished().getcolors() or []}
    assert len(colours) > 2


def test_paths_have_lines_curves_and_ends() -> None:
    square, curve = outline("M 0 0 L 4 0 4 4 0 4 Z M 0 0 Q 5 10 10 0")
    assert square == [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)]
    assert curve[-1] == (10, 0)
    assert max(y for _, y in curve) == pytest.approx(5)


def test_places_move_turn_scale_and_mirror() -> None:
    canvas = Canvas.blank((100, 100), WHITE)
    spot = canvas.at(50, 50, scale=2, turn=90)
    spot.box(5, -2, 10, 2, BLACK)
    picture = canvas.finished()
    assert picture.getpixel((50, 65)) == BLACK
    assert picture.getpixel((65, 50)) == WHITE
    assert not spot.mirrored
    assert spot.at(mirror=True).mirrored


def test_drawing_inside_a_shape_stays_inside_even_past_the_edge() -> None:
    canvas = Canvas.blank((100, 100), WHITE)
    with canvas.inside("M -20 20 L 40 20 L 40 60 L -20 60 Z") as cut:
        cut.box(-500, -500, 500, 500, BLACK)
    with canvas.inside("M 400 400 L 500 400 L 500 500 Z") as cut:
        cut.box(-500, -500, 500, 500, BLACK)
    picture = canvas.finished()
    assert picture.getpixel((2, 40)) == BLACK
    assert picture.getpixel((60, 40)) == WHITE
    assert picture.getpixel((20, 80)) == WHITE


def test_dimming_darkens_what_is_there_and_nothing_else() -> None:
    canvas = Canvas.blank((100, 100), WHITE)
    canvas.dim("M 20 20 L 80 20 L 80 80 L 20 80 Z", 50, 500, 0.5)
    picture = canvas.finished()
    assert picture.getpixel((65, 50)) == (128, 128, 128)
    assert picture.getpixel((35, 50)) == WHITE
    assert picture.getpixel((90, 50)) == WHITE
