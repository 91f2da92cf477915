"""Near by: the formula, the box around a circle, and what the list shows."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.kernel.actors import Actor
from banyan.market.models import Listing
from banyan.market.queries import listings_in, listings_near
from banyan.market.rules import GRID, Place, box, distance_km, place_of

from .deals import listing, seller

GUEST = Actor.guest()

places = st.builds(Place, latitude=st.integers(-9000, 9000), longitude=st.integers(-18000, 18000))


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        ((0, 0), (0, 1), 111.19),  # a degree of the equator
        ((30.27, 120.15), (31.23, 121.47), 165.0),
        ((0, 179.99), (0, -179.99), 2.22),  # across the date line
        ((90, 0), (-90, 0), 20015.1),
    ],
)
def test_distances(a: tuple[float, float], b: tuple[float, float], km: float) -> None:
    first, second = place_of(*a), place_of(*b)
    assert first is not None
    assert second is not None
    assert distance_km(first, second) == pytest.approx(km, rel=0.01)


@pytest.mark.parametrize("bad", [(91, 0), (0, 181), (float("nan"), 0), (0, float("inf"))])
def test_what_is_no_place(bad: tuple[float, float]) -> None:
    assert place_of(*bad) is None


@given(center=places, other=places, km=st.floats(0.1, 2000))
def test_the_box_holds_the_circle(center: Place, other: Place, km: float) -> None:
    if distance_km(center, other) > km:
        return
    low, high, ranges = box(center, km)
    assert low <= other.latitude <= high
    assert any(west <= other.longitude <= east for west, east in ranges)


@pytest.mark.django_db
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(center=places, other=places)
def test_the_database_reckons_the_same_distance(one: Listing, center: Place, other: Place) -> None:
    km = distance_km(center, other)
    Listing.objects.update(latitude=other.latitude, longitude=other.longitude)

    (near,) = listings_near(GUEST, center, km + 0.01)

    assert near.km == pytest.approx(km, abs=0.001)
    assert listings_near(GUEST, center, km - 0.01) == []


@pytest.fixture
def one() -> Listing:
    return listing(seller(), title="Wanderer")


@pytest.mark.django_db
def test_nearest_first_and_nothing_beyond() -> None:
    of = seller()
    far = listing(of, title="Far", place=place_of(30.60, 120.15))
    near = listing(of, title="Near", place=place_of(30.28, 120.16))
    listing(of, title="Nowhere")
    here = place_of(30.27, 120.15)
    assert here is not None

    assert [one.listing.pk for one in listings_near(GUEST, here, 10)] == [near.pk]
    assert [one.listing.pk for one in listings_near(GUEST, here, 50)] == [near.pk, far.pk]
    assert [one.listing.pk for one in listings_near(GUEST, here, 50, skip=1)] == [far.pk]
    assert listings_near(GUEST, here, 50, region="Beijing") == []
    assert len(listings_near(GUEST, here, 50, region="zhejiang")) == 2
    assert len(listings_in(GUEST, "zhejiang")) == 3
    assert listings_in(GUEST, "Beijing") == []
    assert GRID == 100
