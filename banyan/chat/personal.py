"""What the chat holds of people: words go with who said them, their place in the room stays."""

from __future__ import annotations

from banyan.kernel import clock
from banyan.kernel.personal import Erase, Person, holds, names_nobody

from .models import Message

TALK = "As long as the other side keeps the room; one's own words go at once."


def _erase_words(person: Person) -> None:
    """Empty what somebody said; the numbers of the room stay without a gap."""
    mine = Message.objects.filter(author_id=person.account_id or 0)
    mine.filter(deleted_at=None).update(deleted_at=clock.now())
    mine.update(body="", image=None, card_kind="", card_id=None, key="")


holds("chat.Message", Erase.BLANK, TALK, owner=("author_id",), fields=("body",), act=_erase_words)
holds("chat.Room", Erase.PSEUDONYM, TALK, owner=("low_id", "high_id", "account_id"))
holds("chat.Member", Erase.DELETE, "As long as the account.", owner=("account_id",))
holds("chat.ChatChoice", Erase.DELETE, "As long as the account.", owner=("account_id",))
holds("chat.Thread", Erase.PSEUDONYM, "As long as its room.", owner=("room__account_id",))
names_nobody("chat.Answer", "chat.QuickReply", "chat.Telling")
