"""What a page can wait for is made later; pages take what there is."""

from __future__ import annotations

import io

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.template import engines
from django.test.utils import CaptureQueriesContext
from PIL import Image as Pil
from procrastinate.contrib.django.models import ProcrastinateJob

from banyan.kernel.actors import Actor
from banyan.kernel.events import consumers
from banyan.media import actions, queries, rules, store, subscribers
from banyan.media.actions import renditions
from banyan.media.events import ImageTaken
from banyan.media.models import Image, Rendition
from tests.media.samples import jpeg, noise, photo, saved

ANA = Actor(kind="member", id=7)


def taken(seed: int = 1, width: int = 1300, height: int = 1000) -> Image:
    """Return a picture as it is just after intake."""
    return actions.intake(actor=ANA, data=jpeg(width, height, seed), filename="x.jpg", alt="A pot")


@pytest.mark.django_db
def test_the_job_makes_what_is_missing_and_nothing_twice() -> None:
    image = taken()
    assert actions.make_renditions(image_id=image.pk) == 11
    have = set(image.renditions.values_list("fmt", "width"))
    both = {(fmt, width) for fmt in ("avif", "webp") for width in rules.WIDTHS}
    assert have == both | {("jpeg", 480), ("jpeg", 1080)}
    for one in image.renditions.all():
        picture = Pil.open(io.BytesIO(store.read(store.public(), one.file)))
        assert (picture.format or "").lower() == one.fmt
        assert picture.size == (one.width, one.height)
        assert storages["default"].size(one.file) == one.bytes
        assert f"-{one.width}." in one.file
    assert actions.make_renditions(image_id=image.pk) == 0
    assert image.renditions.count() == 12


@pytest.mark.django_db
def test_a_small_picture_is_not_enlarged() -> None:
    image = taken(width=300, height=200)
    actions.make_renditions(image_id=image.pk)
    assert set(image.renditions.values_list("width", flat=True)) == {240, 300}


@pytest.mark.django_db
def test_a_vanished_picture_is_no_failure() -> None:
    assert actions.make_renditions(image_id=1) == 0


@pytest.mark.django_db
def test_a_picture_swept_while_it_is_drawn_leaves_no_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = taken()
    made: list[str] = []
    original_row = actions.renditions._make_all

    def sweep_first(original: str, missing: list[rules.Wanted]) -> object:
        done = original_row(original, missing)
        made.extend(one.file for one in done)
        return done

    monkeypatch.setattr(actions.renditions, "_make_all", sweep_first)
    monkeypatch.setattr(
        Image.objects.__class__, "select_for_update", lambda *a, **k: Image.objects.none()
    )
    assert actions.make_renditions(image_id=image.pk) == 0
    assert len(made) == 11
    assert not any(storages["default"].exists(name) for name in made)


@pytest.mark.django_db
@pytest.mark.parametrize("gone", [True, False], ids=["with its row", "without it"])
def test_a_picture_that_goes_before_its_turn_is_no_failure_and_a_lost_file_is_one(
    monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    image = taken()

    class Late:
        def submit(self, *_given: object) -> Late:
            if gone:
                Image.objects.all().delete()
            return self

        def result(self) -> None:
            raise FileNotFoundError

    monkeypatch.setattr(renditions, "_idle", Late())
    if gone:
        assert actions.make_renditions(image_id=image.pk) == 0
    else:
        with pytest.raises(FileNotFoundError):
            actions.make_renditions(image_id=image.pk)


@pytest.mark.django_db
def test_news_of_a_picture_queues_its_renditions_at_the_back() -> None:
    handlers = consumers["media.renditions"][ImageTaken.name]
    assert handlers == [subscribers.make_the_rest]
    handlers[0](ImageTaken(image_id=5 << 22, owner_id=7), None)  # type: ignore[arg-type]
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.queue_name, job.args) == (
        "media.make_renditions",
        "bulk",
        {"image_id": 5 << 22},
    )
    assert job.priority < 0
    assert job.lock == "media.renditions.1"


@pytest.mark.django_db
def test_any_number_of_pictures_costs_one_query() -> None:
    images = [taken(seed, 600, 400) for seed in range(3)]
    for count in (1, 3):
        with CaptureQueriesContext(connection) as seen:
            assert len(queries.pictures([i.pk for i in images[:count]])) == count
        assert len(seen) == 1
    with CaptureQueriesContext(connection) as seen:
        assert queries.pictures([None, 0]) == {}
    assert len(seen) == 0


@pytest.mark.django_db
def test_a_new_picture_shows_what_exists() -> None:
    image = taken()
    [(key, pic)] = queries.pictures([image.pk, 12345]).items()
    assert key == image.pk
    assert pic["src"] == "/media/" + image.renditions.get().file
    assert (pic["width"], pic["height"], pic["alt"]) == (480, 369, "A pot")
    assert (pic["sources"], pic["srcset"]) == ([], "")
    assert pic["placeholder"] == image.palette
    large = queries.pictures([image.pk], "large")[image.pk]
    assert large["src"] == pic["src"]


@pytest.mark.django_db
def test_a_finished_picture_offers_avif_then_webp_then_jpeg() -> None:
    image = taken()
    actions.make_renditions(image_id=image.pk)
    card = queries.pictures([image.pk])[image.pk]
    assert card["src"].endswith("-480.jpg")
    assert [s["type"] for s in card["sources"]] == ["image/avif", "image/webp"]
    assert [part.split()[-1] for part in card["sources"][0]["srcset"].split(", ")] == [
        "240w",
        "360w",
        "480w",
        "720w",
    ]
    large = queries.pictures([image.pk], "large")[image.pk]
    assert (large["width"], large["src"].endswith("-1080.jpg")) == (1080, True)
    assert "1080w" in large["sources"][0]["srcset"]
    assert [part.split()[-1] for part in large["srcset"].split(", ")] == ["480w", "1080w"]


@pytest.mark.django_db
def test_the_picture_component_draws_it_without_style() -> None:
    image = taken()
    actions.make_renditions(image_id=image.pk)
    pic = queries.pictures([image.pk])[image.pk]
    page = engines["jinja2"].from_string("{{ ui.picture(pic) }}").render({"pic": pic})
    assert page.count("<source") == 2
    assert f'ph-{image.palette:02d}"' in page
    assert 'width="480" height="369" alt="A pot"' in page
    assert "style=" not in page


@pytest.mark.django_db
def test_no_card_ever_loads_a_file_over_its_cap() -> None:
    image = actions.intake(actor=ANA, data=saved(noise(1100, 2000), "PNG"), filename="n.png")
    actions.make_renditions(image_id=image.pk)
    assert Rendition.objects.filter(bytes__gt=rules.CARD_BYTES).exists()
    card = queries.pictures([image.pk])[image.pk]
    offered = [card["srcset"], *(s["srcset"] for s in card["sources"]), card["src"]]
    by_file = {one.file: one for one in image.renditions.all()}
    urls = [part.split()[0].removeprefix("/media/") for s in offered for part in s.split(", ") if s]
    assert urls
    assert all(by_file[url].bytes <= rules.CARD_BYTES for url in urls)


@pytest.mark.django_db
def test_thumbs_are_the_smallest_that_will_do() -> None:
    first, second = taken(1), taken(2)
    actions.make_renditions(image_id=first.pk)
    urls = queries.thumb_urls([first.pk, second.pk, None])
    assert urls[first.pk].endswith("-240.webp")
    assert urls[second.pk].endswith("-480.webp")


@pytest.mark.django_db
def test_a_url_leads_back_to_its_picture_wherever_it_is_served() -> None:
    image = taken()
    url = queries.pictures([image.pk])[image.pk]["src"]
    assert queries.image_behind(url) == image
    assert queries.image_behind("https://cdn.example" + url + "?x=1") == image
    assert queries.image_behind("/static/logo.svg") is None
    assert queries.image_behind("/media/p/ab/" + "0" * 38 + "-480.webp") is None


@pytest.mark.django_db
def test_a_drawing_is_browsable_in_two_widths_and_completed_later() -> None:
    drawing = photo(1200, 1500)
    image = actions.intake_pil(actor=ANA, image=drawing, alt="A vase")
    assert set(image.renditions.values_list("fmt", "width")) == {("webp", 360), ("webp", 720)}
    assert actions.intake_pil(actor=ANA, image=drawing).pk == image.pk
    pic = queries.pictures([image.pk])[image.pk]
    assert (pic["width"], pic["srcset"].count("w,")) == (720, 1)
    actions.make_renditions(image_id=image.pk)
    assert image.renditions.count() == 12


@pytest.mark.django_db
def test_a_small_drawing_keeps_its_size() -> None:
    image = actions.intake_pil(actor=ANA, image=photo(256, 256))
    assert list(image.renditions.values_list("width", flat=True)) == [256]
