"""A file becomes a picture, or is refused by name."""

from __future__ import annotations

import io

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from PIL import Image as Pil
from PIL import ImageCms
from pytest_django import Settings

from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Problem
from banyan.media import actions, pixels, rules, store
from banyan.media.models import Image
from tests.media.samples import jpeg, noise, photo, png_header, saved

ANA = Actor(kind="member", id=7)
BEN = Actor(kind="member", id=8)


def kept(image: Image) -> Pil.Image:
    """Return the original as it is kept."""
    return Pil.open(io.BytesIO(store.read(store.private(), image.original)))


def shown(image: Image) -> Pil.Image:
    """Return the rendition that was made at once."""
    return Pil.open(io.BytesIO(store.read(store.public(), image.renditions.get().file)))


@pytest.mark.django_db
@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_each_kind_of_picture_can_be_shown_at_once(fmt: str) -> None:
    image = actions.intake(actor=ANA, data=saved(photo(), fmt), alt=" A teapot ", filename="a")
    assert (image.width, image.height, image.alt) == (1200, 900, "A teapot")
    only = image.renditions.get()
    assert (only.fmt, only.width, only.height) == ("webp", 480, 360)
    assert shown(image).format == "WEBP"
    assert only.bytes == storages["default"].size(only.file) <= rules.CARD_BYTES
    assert image.preview.startswith("data:image/webp;base64,")
    assert len(image.preview) < 800
    assert image.kept_at is not None


@pytest.mark.django_db
def test_an_open_file_is_read_and_its_event_told() -> None:
    image = actions.intake(actor=ANA, data=io.BytesIO(jpeg()), filename="tea.jpg")
    event = StoredEvent.objects.get(name="image.taken")
    assert event.payload == {"image_id": image.pk, "owner_id": 7}


@pytest.mark.django_db
def test_a_phone_picture_stands_upright_and_tells_no_place() -> None:
    exif = Pil.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "A phone"
    exif.get_ifd(0x8825)[2] = (48.0, 12.0, 30.0)
    data = jpeg(800, 600, exif=exif)
    assert Pil.open(io.BytesIO(data)).getexif().get_ifd(0x8825)
    image = actions.intake(actor=ANA, data=data, filename="x.jpg")
    assert (image.width, image.height) == (600, 800)
    for made in (kept(image), shown(image)):
        assert not dict(made.getexif())
        assert not made.info.get("exif")
        assert not made.info.get("icc_profile")


@pytest.mark.django_db
def test_comments_and_appended_archives_do_not_survive() -> None:
    data = jpeg(comment=b"<script>alert(1)</script>") + b"PK\x03\x04 an archive <?php evil ?>"
    image = actions.intake(actor=ANA, data=data, filename="x.jpg")
    for storage, name in (
        (store.private(), image.original),
        (store.public(), image.renditions.get().file),
    ):
        stored = store.read(storage, name)
        assert b"script" not in stored
        assert b"php" not in stored


@pytest.mark.django_db
def test_colours_of_a_wide_profile_become_srgb() -> None:
    # A profile whose red and blue are exchanged shows without doubt that it was applied.
    odd = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    odd = odd.replace("sRGB".encode("utf-16-be"), "Oddy".encode("utf-16-be"))
    odd = odd.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")
    red = Pil.new("RGB", (64, 64), (200, 60, 40))
    plain = actions.intake(actor=ANA, data=saved(red, "PNG"), filename="p.png")
    turned = actions.intake(actor=ANA, data=saved(red, "PNG", icc_profile=odd), filename="q.png")
    assert kept(plain).getpixel((9, 9)) == pytest.approx((200, 60, 40), abs=3)
    assert kept(turned).getpixel((9, 9)) == pytest.approx((40, 60, 200), abs=4)


@pytest.mark.django_db
def test_a_damaged_profile_is_no_reason_to_refuse() -> None:
    image = actions.intake(actor=ANA, data=jpeg(icc_profile=b"nonsense" * 40), filename="x.jpg")
    assert image.width == 1200


@pytest.mark.django_db
def test_a_press_picture_in_cmyk_becomes_rgb() -> None:
    data = saved(Pil.new("CMYK", (300, 200), (0, 255, 255, 0)))
    image = actions.intake(actor=ANA, data=data, filename="print.jpg")
    assert kept(image).mode == "RGB"
    red, green, blue = kept(image).getpixel((5, 5))  # type: ignore[misc]
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.django_db
def test_sixteen_bits_of_grey_keep_their_tones() -> None:
    grey = Pil.new("I;16", (300, 200), 0x8000)
    image = actions.intake(actor=ANA, data=saved(grey, "PNG"), filename="scan.png")
    assert kept(image).getpixel((5, 5)) == pytest.approx((128, 128, 128), abs=2)


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "L"])
def test_every_mode_is_shown_on_white(mode: str) -> None:
    clear = Pil.new("RGBA", (300, 200), (255, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0, 150, 200))
    picture = clear.convert(mode) if mode != "1" else clear.convert("L").convert("1")
    image = actions.intake(actor=ANA, data=saved(picture, "PNG"), filename="x.png")
    assert kept(image).mode == "RGB"
    if mode in {"RGBA", "LA"}:
        assert kept(image).getpixel((290, 10)) == pytest.approx((255, 255, 255), abs=3)


@pytest.mark.django_db
def test_an_animation_gives_its_first_frame() -> None:
    frames = [Pil.new("RGB", (200, 100), colour) for colour in ("white", "black", "red")]
    data = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    image = actions.intake(actor=ANA, data=data, filename="moving.webp")
    assert kept(image).getpixel((5, 5)) == pytest.approx((255, 255, 255), abs=3)
    assert getattr(shown(image), "n_frames", 1) == 1


HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(60)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "upload_not_an_image", "not a picture"),
        (b"%PDF-1.7 and so on", "upload_not_an_image", "not a picture"),
        (b"<!doctype html><svg></svg>", "upload_not_an_image", "not a picture"),
        (b"MZ\x90\x00 a program", "upload_not_an_image", "not a picture"),
        (HEIC, "upload_unsupported", "Most Compatible"),
        (saved(Pil.new("P", (9, 9)), "GIF"), "upload_unsupported", "GIF"),
        (saved(Pil.new("RGB", (9, 9)), "TIFF"), "upload_unsupported", "TIFF"),
        (saved(Pil.new("RGB", (9, 9)), "BMP"), "upload_unsupported", "BMP"),
        (SVG, "upload_unsupported", "SVG"),
        (jpeg()[:9000], "upload_broken", "damaged"),
        (saved(photo(), "PNG")[:90_000], "upload_broken", "damaged"),
        (saved(photo(), "WEBP")[:4000], "upload_broken", "damaged"),
        (saved(photo(), "AVIF")[:4000], "upload_broken", "damaged"),
        (b"\xff\xd8\xff" + bytes(500), "upload_broken", "damaged"),
        (png_header(6000, 7000), "upload_too_many_pixels", "40 million"),
        (png_header(60_000, 60_000), "upload_too_many_pixels", "40 million"),
        (png_header(2_000_000_000, 2_000_000_000), "upload_too_many_pixels", "40 million"),
        (png_header(1, 30_000), "upload_too_narrow", "20 times"),
        (png_header(300, 300), "upload_broken", "damaged"),
        (b"\xff\xd8\xff" + bytes(15 * 1024**2), "upload_too_large", "15 MB"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_refused_by_name(data: bytes, code: str, words: str) -> None:
    with pytest.raises(Problem) as refused:
        actions.intake(actor=ANA, data=data, filename="C:\\pics\\holi\x00day.jpg")
    assert refused.value.code == code
    assert refused.value.status == 422
    assert "“holiday.jpg”" in str(refused.value.message)
    assert words in str(refused.value.message)
    assert not Image.objects.exists()
    assert not StoredEvent.objects.exists()


@pytest.mark.django_db
def test_a_refused_bomb_is_never_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", never)
    with pytest.raises(Problem) as refused:
        actions.intake(actor=ANA, data=png_header(8000, 8000), filename="bomb.png")
    assert refused.value.code == "upload_too_many_pixels"


@pytest.mark.django_db
def test_a_picture_of_forty_million_pixels_is_still_taken(settings: Settings) -> None:
    settings.MAX_UPLOAD_PIXELS = 1200 * 900
    assert actions.intake(actor=ANA, data=jpeg(1200, 900), filename="x.jpg").pk
    with pytest.raises(Problem):
        actions.intake(actor=ANA, data=jpeg(1200, 901), filename="x.jpg")


@pytest.mark.django_db
def test_the_same_file_of_the_same_owner_is_one_picture() -> None:
    data = jpeg()
    first = actions.intake(actor=ANA, data=data, filename="x.jpg")
    again = actions.intake(actor=ANA, data=data, filename="y.jpg", alt="A pot")
    other = actions.intake(actor=BEN, data=data, filename="x.jpg")
    assert again.pk == first.pk
    assert again.alt == "A pot"
    assert other.pk != first.pk
    assert {other.original, other.renditions.get().file}.isdisjoint(
        {first.original, first.renditions.get().file}
    )
    assert StoredEvent.objects.filter(name="image.taken").count() == 2


@pytest.mark.django_db
def test_a_second_sending_costs_no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    data = jpeg()
    actions.intake(actor=ANA, data=data, filename="x.jpg")
    monkeypatch.setattr(pixels, "clean", None)
    with CaptureQueriesContext(connection) as seen:
        actions.intake(actor=ANA, data=data, filename="x.jpg")
    # one of them asks whether somebody has blocked the picture since
    assert len([q for q in seen if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]) == 3


@pytest.mark.django_db
def test_a_file_left_half_written_is_written_again() -> None:
    data = jpeg()
    image = actions.intake(actor=ANA, data=data, filename="x.jpg")
    made = image.renditions.get()
    path = storages["default"].path(made.file)
    with open(path, "r+b") as file:
        file.truncate(10)
    image.delete()
    again = actions.intake(actor=ANA, data=data, filename="x.jpg").renditions.get()
    assert again.file == made.file
    assert storages["default"].size(again.file) == again.bytes


@pytest.mark.django_db
def test_only_the_owner_describes_a_picture() -> None:
    image = actions.intake(actor=ANA, data=jpeg(), filename="x.jpg")
    with pytest.raises(Problem) as refused:
        actions.describe(actor=BEN, image_id=image.pk, alt="mine")
    assert refused.value.status == 404
    assert actions.describe(actor=ANA, image_id=image.pk, alt="A cup").alt == "A cup"
    image.refresh_from_db()
    assert image.alt == "A cup"


@pytest.mark.django_db
def test_a_noisy_card_stays_under_its_cap() -> None:
    image = actions.intake(actor=ANA, data=saved(noise(900, 1800), "PNG"), filename="noise.png")
    at_first_quality = len(pixels.encode(kept(image).resize((480, 960)), "webp", 75))
    assert at_first_quality > rules.CARD_BYTES > 0
    assert image.renditions.get().bytes <= rules.CARD_BYTES


_SEEDS = [jpeg(40, 30), *(saved(photo(40, 30), fmt) for fmt in ("PNG", "WEBP", "AVIF"))]


def _spoilt(seed: bytes, junk: bytes, place: float) -> bytes:
    at = int(len(seed) * place)
    return seed[:at] + junk + seed[at + len(junk) :]


@given(
    st.one_of(
        st.binary(max_size=300),
        st.builds(
            _spoilt, st.sampled_from(_SEEDS), st.binary(min_size=1, max_size=8), st.floats(0, 1)
        ),
        st.builds(lambda seed, end: seed[:end], st.sampled_from(_SEEDS), st.integers(0, 3000)),
    )
)
@profile(max_examples=150, deadline=None)
def test_no_bytes_whatever_cause_anything_but_a_problem(data: bytes) -> None:
    try:
        outcome = pixels.clean(data, "x").pixels.mode
    except Problem as refused:
        outcome = refused.code
    assert outcome == "RGB" or outcome.startswith("upload_")


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_nothing_is_enlarged_and_there_is_always_something(width: int, height: int) -> None:
    made = list(rules.wanted(width, height))
    assert {one.fmt for one in made} == {"webp", "avif", "jpeg"}
    assert all(1 <= one.width <= width and one.height >= 1 for one in made)
    assert rules.first_size(width, height) in {(one.width, one.height) for one in made}
    assert len({(one.fmt, one.width) for one in made}) == len(made)
