"""The mechanic of the guide: from another package, played over HTTP, with nothing else changed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from banyan.campaigns import mechanic as found_in
from banyan.campaigns.models import Campaign, Instance
from banyan.entitlements.models import Grant
from banyan.kernel import clock, states
from tests.campaigns.scene import DAY, assert_sound, coupon, crowd, somebody
from tests.support import factories as make

HERE = Path(__file__).parent
GUIDE = HERE.parents[1] / "docs" / "how-to" / "write-a-mechanic.md"

pytestmark = pytest.mark.django_db


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package is installed until the test ends: its entry point and its machine are found."""
    point = EntryPoint("hello", "tests.examples.hello:Hello", found_in.GROUP)
    monkeypatch.setattr(found_in, "entry_points", lambda group: [point])
    monkeypatch.setattr(states, "machines", dict(states.machines))
    module = importlib.import_module("tests.examples.hello")
    monkeypatch.setitem(states.machines, "campaigns.hello.state", module.Hello.machine)
    found_in.mechanics.cache_clear()
    yield
    found_in.mechanics.cache_clear()


def _window() -> dict[str, str]:
    now = clock.now()
    return {
        "starts_at": f"{now - DAY:%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + 2 * DAY:%Y-%m-%dT%H:%M}",
    }


def browser(who: Any) -> Client:
    client = Client()
    client.force_login(who)
    return client


@pytest.mark.usefixtures("installed")
def test_a_mechanic_of_another_package_is_set_up_and_played_over_http() -> None:
    shop = make.shop()
    prize = coupon(shop, title="Hello back")
    ana, ben, cy, dan = crowd(4)
    studio = browser(shop.owner)
    new = f"/studio/{shop.slug}/campaigns/new/hello"
    assert 'name="first"' in studio.get(new + "?preset=ten").content.decode()
    form = {
        "title": "Hello everybody",
        **_window(),
        "budget": "15.00",
        "coupon": str(prize.pk),
        "first": "0",
    }
    assert "Enter at least 1." in studio.post(new, form).content.decode()
    draft = studio.post(new, form | {"first": "2"})["Location"]
    studio.post(draft + "/act", {"act": "publish"})
    of = Campaign.objects.get(mechanic="hello")
    assert of.state == "published"

    begun = browser(ana).post(f"/campaign/{of.code}/begin")["Location"]
    for who in (ben, cy):
        assert "Say hello" in browser(who).get(begun).content.decode()
        page = browser(who).post(begun + "/join", follow=True).content.decode()
        assert "A coupon is yours" in page
        assert "Hello back" in browser(who).get("/me/coupons").content.decode()
    assert "This is over." in browser(dan).post(begun + "/join", follow=True).content.decode()
    assert Grant.objects.count() == 2
    hello = Instance.objects.get()
    assert (hello.state, hello.spent) == ("full", 1_000)
    assert_sound()

    short = Client()
    short.force_login(somebody())
    refused = short.post(f"/campaign/{of.code}/begin", follow=True).content.decode()
    assert "The budget of this campaign is used up." in refused


@pytest.mark.usefixtures("installed")
def test_a_second_mechanic_of_the_same_name_stops_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    point = EntryPoint("hello", "tests.examples.hello:Hello", found_in.GROUP)
    monkeypatch.setattr(found_in, "entry_points", lambda group: [point, point])
    with pytest.raises(ValueError, match="two mechanics are called hello"):
        found_in.mechanics()


def test_without_the_package_nothing_is_left_of_it() -> None:
    assert "hello" not in found_in.mechanics()


def test_the_guide_shows_the_file_as_it_is() -> None:
    assert f"```python\n{(HERE / 'hello.py').read_text()}```" in GUIDE.read_text()
