"""Where a draw can be checked: what was fixed beforehand, what is waited for, what came of it."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from banyan.kernel import clock

from . import beacon
from .blocks import Block, Note, Proof
from .models import Campaign, Instance


def draw_blocks(campaign: Campaign, entry: Instance) -> list[Block]:
    """Return what the page of an entry says of the draw's fairness."""
    public = campaign.public
    if "published" not in public:
        return []
    blocks = [_proof(campaign, entry)]
    if told := public.get("beacon"):
        at = _moment(told["at"])
        text = _("What the beacon %(name)s says at %(at)s decides, too.")
        if "proof" in public and "signature" not in told:
            text = _("The beacon %(name)s was silent at %(at)s. It was done without.")
        blocks.append(Note(text % {"name": beacon.name_of(told), "at": at}))
    return blocks


def _proof(campaign: Campaign, entry: Instance) -> Block:
    public = campaign.public
    if "proof" in public:
        url = f"/verify?proof=/campaign/{campaign.code}/proof"
        text = _("It is drawn: the list and the seed are public.")
        return Proof(public["published"]["seed"], text, url)
    if "root" in public:
        url = f"/verify?proof=/play/{entry.code}/proof"
        text = _("The list was closed at %(at)s: this is its fingerprint. Is your entry in it?")
        return Proof(public["root"], text % {"at": _moment(public["frozen_at"])}, url)
    text = _("The seed was fixed before anybody could enter.")
    return Proof(public["published"]["seed"], text)


def _moment(iso: str) -> str:
    return clock.told(dt.datetime.fromisoformat(iso), "%Y-%m-%d %H:%M:%S")
