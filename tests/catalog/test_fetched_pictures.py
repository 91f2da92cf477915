"""Pictures of a product file by their addresses: claimed, fetched once, given to their products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.signals import post_save

from banyan.catalog import actions as catalog
from banyan.catalog import jobs
from banyan.catalog.actions import fetching
from banyan.catalog.actions.fetching import MOST_TRIES, PAUSES
from banyan.catalog.actions.pictures import attach
from banyan.catalog.models import Product, ProductImage, ProductImport, Shop, WantedPicture
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.media.actions import intake
from banyan.media.models import Image
from tests.media.pictures_host import Host, serve
from tests.media.samples import jpeg
from tests.support import factories

from .files import CUPS, take_in

pytestmark = pytest.mark.django_db

WORKER = Actor.system("test")


@pytest.fixture
def host(settings: Any) -> Iterator[Host]:
    """Serve on this machine, under the one name that is allowed."""
    with serve() as running:
        settings.FETCH_ALLOWED_HOSTS = [running.authority]
        yield running


def by_address(shop: Shop, host: Host, *rows: tuple[str, str]) -> ProductImport:
    """Take in a file whose rows are (handle, path of the picture); a handle may come again."""
    lines = ["Handle,Title,Price,Image Src"]
    seen: set[str] = set()
    for handle, path in rows:
        first = "" if handle in seen else f"{handle.title()},8.00"
        lines.append(f"{handle},{first or ','},{host.url(path)}")
        seen.add(handle)
    return take_in(shop, "\n".join(lines) + "\n")


def states() -> list[tuple[str, str]]:
    return list(WantedPicture.objects.order_by("line").values_list("state", "reason"))


def shown(slug: str) -> list[int]:
    """Return the widths of a product's pictures, in their order."""
    rows = ProductImage.objects.filter(product__slug=slug).select_related("image")
    return [row.image.width for row in rows]


def test_pictures_come_by_their_addresses_in_the_order_of_the_file(host: Host) -> None:
    shop = factories.shop()
    for width in (310, 320, 330):
        host.bodies[f"/{width}.jpg"] = jpeg(width, 200, width)
    kept = by_address(
        shop, host, ("cup", "/330.jpg"), ("cup", "/310.jpg"), ("plate", "/320.jpg"),
        ("plate", "/330.jpg"),
    )  # fmt: skip
    done = catalog.fetch_pictures(actor=WORKER)

    assert (done.taken, done.failed, done.later) == (4, 0, 0)
    assert shown("cup") == [330, 310]
    assert shown("plate") == [320, 330]
    assert sorted(host.asked) == ["/310.jpg", "/320.jpg", "/330.jpg"], "each address once"
    assert list(kept.pictures.order_by("line").values_list("line", "state")) == [
        (2, "taken"),
        (3, "taken"),
        (4, "taken"),
        (5, "taken"),
    ]
    assert set(Image.objects.values_list("owner_id", flat=True)) == {shop.owner_id}
    # Again: nothing to do, nobody is asked.
    assert catalog.fetch_pictures(actor=WORKER).taken == 0
    assert len(host.asked) == 3


def test_what_is_no_picture_or_too_large_or_not_public_fails_with_its_reason(
    host: Host, settings: Any
) -> None:
    settings.MAX_UPLOAD_BYTES = 100_000
    settings.MAX_UPLOAD_PIXELS = 300 * 300
    host.bodies |= {"/page.jpg": b"<html>", "/bomb.jpg": jpeg(400, 400)}
    host.endless.add("/endless.jpg")
    shop = factories.shop()
    names = ("/page.jpg", "/bomb.jpg", "/endless.jpg", "/none.jpg")
    by_address(shop, host, *(("cup", name) for name in names))
    inner = "http://169.254.169.254/a.jpg"
    take_in(shop, f"Handle,Title,Price,Image Src\nplate,Plate,8.00,{inner}\nplate,,,file:///a\n")

    assert catalog.fetch_pictures(actor=WORKER).failed == 6
    by_source = dict(WantedPicture.objects.values_list("source", "reason"))
    assert by_source == {
        host.url("/page.jpg"): "upload_not_an_image",
        host.url("/bomb.jpg"): "upload_too_many_pixels",
        host.url("/endless.jpg"): "upload_too_large",
        host.url("/none.jpg"): "fetch_status_404",
        inner: "fetch_private",
        "file:///a": "fetch_address",
    }
    assert not ProductImage.objects.exists()


def test_a_passing_failure_is_tried_again_after_pauses_and_then_given_up(host: Host) -> None:
    by_address(factories.shop(), host, ("cup", "/a.jpg"), ("cup", "/b.jpg"))
    host.bodies |= {"/a.jpg": jpeg(310, 200), "/b.jpg": jpeg(320, 200)}
    host.statuses = {"/a.jpg": [503], "/b.jpg": [500] * 9}
    began = clock.now()
    with clock.at(began):
        assert catalog.fetch_pictures(actor=WORKER).later == 2
        assert states() == [("waiting", "fetch_status_503"), ("waiting", "fetch_status_500")]
        assert catalog.fetch_pictures(actor=WORKER).later == 0, "not before the pause is over"
    moment = began
    for pause in PAUSES:
        moment += pause
        with clock.at(moment):
            catalog.fetch_pictures(actor=WORKER)
    assert states() == [("taken", ""), ("failed", "fetch_status_500")]
    assert host.asked.count("/b.jpg") == MOST_TRIES
    assert shown("cup") == [310]


class Killed(BaseException):
    """What ends a process, and no handler of ours."""


def test_a_killed_job_is_taken_up_where_it_stood(host: Host) -> None:
    for width in (310, 320):
        host.bodies[f"/{width}.jpg"] = jpeg(width, 200, width)
    by_address(
        factories.shop(), host, ("cup", "/310.jpg"), ("cup", "/320.jpg"), ("plate", "/310.jpg")
    )
    given: list[int] = []

    def die_at_the_second(instance: ProductImage, **told: Any) -> None:
        given.append(instance.pk)
        if len(given) == 2:
            raise Killed

    began = clock.now()
    post_save.connect(die_at_the_second, sender=ProductImage)
    try:
        with clock.at(began), pytest.raises(Killed):
            catalog.fetch_pictures(actor=WORKER)
    finally:
        post_save.disconnect(die_at_the_second, sender=ProductImage)
    assert states() == [("taken", ""), ("waiting", ""), ("waiting", "")]
    with clock.at(began):
        # What the dead one had claimed keeps for a minute; what it had not is taken at once.
        assert catalog.fetch_pictures(actor=WORKER).taken == 1
    with clock.at(began + PAUSES[0]):
        assert catalog.fetch_pictures(actor=WORKER).taken == 1
    assert set(states()) == {("taken", "")}
    assert (shown("cup"), shown("plate")) == ([310, 320], [310])
    assert host.asked == ["/310.jpg", "/320.jpg"], "its twin had it already"


def test_a_picture_that_kills_every_time_is_given_up(host: Host) -> None:
    by_address(factories.shop(), host, ("cup", "/a.jpg"))
    WantedPicture.objects.update(tries=MOST_TRIES)
    catalog.fetch_pictures(actor=WORKER)
    assert states() == [("failed", "fetch_interrupted")]
    assert host.asked == []


def test_two_workers_never_fetch_the_same_address(host: Host) -> None:
    kept = by_address(factories.shop(), host, ("cup", "/a.jpg"))
    row = kept.pictures.get()
    assert [one.pk for one in fetching._claim(kept, row)] == [row.pk]
    assert fetching._claim(kept, row) == []
    assert catalog.fetch_pictures(actor=WORKER).taken == 0
    assert host.asked == []


def test_what_a_zip_brought_meanwhile_stays(host: Host) -> None:
    shop = factories.shop()
    kept = by_address(shop, host, ("cup", "/a.jpg"))
    row = kept.pictures.get()
    image = intake(actor=factories.actor(shop.owner), data=jpeg(310, 200))
    assert attach(row, image) == ""
    other = intake(actor=factories.actor(shop.owner), data=jpeg(320, 200))
    assert attach(row, other) == ""
    assert [one.image_id for one in ProductImage.objects.all()] == [image.pk]


def test_a_product_takes_no_more_pictures_than_it_may_have(host: Host) -> None:
    shop = factories.shop()
    by_address(shop, host, ("cup", "/a.jpg"))
    host.bodies["/a.jpg"] = jpeg(310, 200)
    cup = Product.objects.get()
    for place in range(12):
        image = intake(actor=factories.actor(shop.owner), data=jpeg(20 + place, 20))
        ProductImage.objects.create(product=cup, image=image, position=place)
    catalog.fetch_pictures(actor=WORKER)
    assert states() == [("failed", "too_many_pictures")]


def test_file_names_are_left_to_a_zip() -> None:
    take_in(factories.shop(), CUPS)
    assert catalog.fetch_pictures(actor=WORKER) == fetching.Fetched()
    assert states() == [("waiting", ""), ("waiting", "")]


def test_managers_have_the_failed_ones_fetched_again_and_nobody_else(host: Host) -> None:
    shop = factories.shop()
    kept = by_address(shop, host, ("cup", "/a.jpg"), ("cup", "/b.jpg"))
    host.bodies["/b.jpg"] = jpeg(320, 200)
    catalog.fetch_pictures(actor=WORKER)
    assert states() == [("failed", "fetch_status_404"), ("taken", "")]
    clerk = factories.member()
    owner = factories.actor(shop.owner)
    catalog.hire(actor=owner, shop_id=shop.pk, account_id=clerk.pk, role="clerk")
    for who in (clerk, factories.member()):
        with pytest.raises(NotFound):
            catalog.fetch_again(actor=factories.actor(who), token=kept.token)
    assert states()[0][0] == "failed"

    host.bodies["/a.jpg"] = jpeg(310, 200)
    assert catalog.fetch_again(actor=owner, token=kept.token) == 1
    assert catalog.fetch_pictures(actor=WORKER).taken == 1
    assert shown("cup") == [310, 320]


def test_addresses_that_waited_before_there_was_a_fetcher_are_fetched_on_request(
    host: Host,
) -> None:
    shop = factories.shop()
    kept = by_address(shop, host, ("cup", "/a.jpg"))
    host.bodies["/a.jpg"] = jpeg(310, 200)
    WantedPicture.objects.update(next_try_at=None)
    assert catalog.fetch_pictures(actor=WORKER).taken == 0
    assert catalog.fetch_again(actor=factories.actor(shop.owner), token=kept.token) == 1
    assert catalog.fetch_pictures(actor=WORKER).taken == 1


def test_every_import_has_its_turn(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "BATCH", 1)
    for name in ("first", "second"):
        by_address(factories.shop(), host, (name, f"/{name}-1"), (name, f"/{name}-2"))
    catalog.fetch_pictures(actor=WORKER)
    assert sorted(path[:-2] for path in host.asked[:2]) == ["/first", "/second"]
    assert len(host.asked) == 4


def test_a_worker_that_stops_leaves_the_rest(host: Host) -> None:
    by_address(factories.shop(), host, ("cup", "/a.jpg"), ("cup", "/b.jpg"))
    catalog.fetch_pictures(actor=WORKER, stop=lambda: bool(host.asked))
    assert len(host.asked) == 1
    assert [state for state, _reason in states()] == ["failed", "waiting"]


def test_pictures_of_who_left_the_shop_become_its_owners(host: Host) -> None:
    shop = factories.shop()
    kept = by_address(shop, host, ("cup", "/a.jpg"))
    host.bodies["/a.jpg"] = jpeg(310, 200)
    ProductImport.objects.filter(pk=kept.pk).update(account=factories.member())
    catalog.fetch_pictures(actor=WORKER)
    assert Image.objects.get().owner_id == shop.owner_id


def test_the_job_is_periodic_behind_the_others_and_never_held_up_by_a_dead_one() -> None:
    task = jobs.fetch_pictures
    assert (task.queue, task.queueing_lock, task.lock) == ("bulk", "catalog.fetch_pictures", None)
    assert task.priority < jobs.sweep_files.priority
    assert jobs.FETCH_SECONDS < 10
