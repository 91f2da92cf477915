"""A picture goes up when it is chosen; its form, refused or not, loses nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.storage import storages
from django.db import transaction

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import LoginRequired, Problem
from banyan.media import actions, queries
from banyan.media.models import Image, Rendition, StagedUpload
from tests.media.samples import jpeg

ANA = Actor(kind="member", id=7, visitor="v-ana")
BEN = Actor(kind="member", id=8, visitor="v-ben")
VISITOR = Actor.guest("v-ana")
SWEEPER = Actor.system("sweep")


def staged(who: Actor = ANA, seed: int = 1) -> str:
    """Stage a picture and return its token."""
    return actions.stage(actor=who, data=jpeg(300, 200, seed), filename=f"{seed}.jpg").token


def later(hours: float) -> dt.datetime:
    """Return a time from now."""
    return clock.now() + dt.timedelta(hours=hours)


@pytest.mark.django_db
def test_a_form_gets_its_pictures_in_its_own_order() -> None:
    tokens = [staged(seed=seed) for seed in (1, 2, 3)]
    wanted = [tokens[2], tokens[0], tokens[2], "", tokens[1]]
    images = actions.claim_staged(actor=ANA, tokens=wanted)
    rows = StagedUpload.objects.in_bulk(tokens, field_name="token")
    assert [image.pk for image in images] == [rows[tokens[i]].image_id for i in (2, 0, 1)]
    assert all(row.used_at for row in rows.values())
    assert Image.objects.filter(kept_at=None).count() == 0


@pytest.mark.django_db
def test_the_same_form_sent_again_gets_the_same_pictures() -> None:
    tokens = [staged(seed=seed) for seed in (1, 2)]
    first = actions.claim_staged(actor=ANA, tokens=tokens)
    used = list(StagedUpload.objects.values_list("used_at", flat=True))
    assert actions.claim_staged(actor=ANA, tokens=tokens) == first
    assert list(StagedUpload.objects.values_list("used_at", flat=True)) == used


@pytest.mark.django_db
def test_two_tokens_of_one_file_are_one_picture() -> None:
    tokens = [staged(), staged()]
    assert len(actions.claim_staged(actor=ANA, tokens=tokens)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("thief", [BEN, Actor.guest("v-else"), Actor.guest(None), SWEEPER])
def test_nobody_else_can_use_a_token(thief: Actor) -> None:
    token = staged()
    with pytest.raises(Problem) as refused:
        actions.claim_staged(actor=thief, tokens=[token])
    assert refused.value.code == "staged_gone"
    assert refused.value.extra == {"tokens": [token]}
    assert queries.staged_for(thief, [token]) == []
    assert StagedUpload.objects.get().used_at is None
    assert Image.objects.get().kept_at is None


@pytest.mark.django_db
def test_what_a_visitor_staged_is_theirs_after_signing_in() -> None:
    token = staged(VISITOR)
    assert Image.objects.get().owner_id is None
    with pytest.raises(Problem):
        actions.claim_staged(actor=BEN, tokens=[token])
    assert [image.owner_id for image in actions.claim_staged(actor=ANA, tokens=[token])] == [7]
    assert Image.objects.get().owner_id == 7


@pytest.mark.django_db
def test_a_visitor_may_have_staged_what_the_account_already_owns() -> None:
    actions.intake(actor=ANA, data=jpeg(300, 200, 1), filename="1.jpg")
    [image] = actions.claim_staged(actor=ANA, tokens=[staged(VISITOR)])
    assert image.kept_at is None  # as read; the row is kept:
    assert Image.objects.filter(kept_at=None).count() == 0
    assert Image.objects.count() == 2


@pytest.mark.django_db
def test_who_cannot_be_told_apart_has_to_sign_in_first() -> None:
    with pytest.raises(LoginRequired):
        staged(Actor.guest(None))
    assert not Image.objects.exists()


@pytest.mark.django_db
def test_a_refused_form_claims_nothing_and_is_drawn_again() -> None:
    tokens = [staged(seed=2), staged(seed=1)]
    with transaction.atomic():
        assert len(actions.claim_staged(actor=ANA, tokens=tokens)) == 2
        transaction.set_rollback(True)
    assert StagedUpload.objects.filter(used_at=None).count() == 2
    assert Image.objects.filter(kept_at=None).count() == 2
    again = queries.staged_for(ANA, [*tokens, "gone"])
    assert [one["token"] for one in again] == tokens
    assert [one["name"] for one in again] == ["2.jpg", "1.jpg"]
    assert all(one["thumb_url"].startswith("/media/p/") for one in again)
    assert (again[0]["width"], again[0]["height"]) == (300, 200)


@pytest.mark.django_db
def test_unused_uploads_are_swept_after_two_days_with_their_files() -> None:
    staged()
    image = Image.objects.get()
    files = [Rendition.objects.get().file]
    with clock.at(later(47)):
        assert actions.sweep_staged(actor=SWEEPER) == 0
    assert storages["default"].exists(files[0])
    with clock.at(later(49)):
        assert actions.sweep_staged(actor=SWEEPER) == 1
        assert actions.sweep_staged(actor=SWEEPER) == 0
    assert not StagedUpload.objects.exists()
    assert not Image.objects.exists()
    assert not storages["default"].exists(files[0])
    assert not storages["private"].exists(image.original)


@pytest.mark.django_db
def test_what_was_used_outlives_its_token() -> None:
    tokens = [staged()]
    [image] = actions.claim_staged(actor=ANA, tokens=tokens)
    with clock.at(later(49)):
        assert actions.sweep_staged(actor=SWEEPER) == 0
    assert not StagedUpload.objects.exists()
    assert Image.objects.get() == image
    assert storages["private"].exists(image.original)


@pytest.mark.django_db
def test_a_picture_staged_once_more_lives_on_for_the_new_form() -> None:
    staged()
    with clock.at(later(40)):
        token = staged()
    with clock.at(later(60)):
        actions.sweep_staged(actor=SWEEPER)
        assert len(actions.claim_staged(actor=ANA, tokens=[token])) == 1


@pytest.mark.django_db
def test_staging_a_kept_picture_does_not_put_it_at_risk() -> None:
    image = actions.intake(actor=ANA, data=jpeg(300, 200, 1), filename="1.jpg")
    staged()
    with clock.at(later(100)):
        assert actions.sweep_staged(actor=SWEEPER) == 0
    assert Image.objects.get() == image
