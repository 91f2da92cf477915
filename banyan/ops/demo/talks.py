"""The chat of the demo: friends, somebody who asks for a word, a group, and questions to shops."""

from __future__ import annotations

from banyan.catalog.models import Shop
from banyan.chat import actions as chat
from banyan.chat.actions import Wanted, Words
from banyan.chat.models import Thread
from banyan.groups.models import Group
from banyan.kernel import clock

from . import cast
from .stage import Stage


class Talks:
    """Tells what people say to each other, when they know the groups and the goods."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def tell_all(self) -> None:
        """Let friends, a stranger, a group and buyers talk."""
        self.stage.tell("chat")
        with clock.at(self.stage.at(0.96)):
            self._friends()
            self._group()
            for shop in self.stage.shops:
                self._answered(shop, self._asked(shop, "ana", "Does it come in blue?"))
                self._asked(shop, "otto", "How long does it take to the coast?")

    def _friends(self) -> None:
        bowl = Wanted("product", self.stage.products[0].pk)
        self._write("noor", "ana", Words("Which of them did you mean, the one with the handle?"))
        self._write("ana", "noor", Words("This one.", card=bowl))
        self._write("kai", "ana", Words("I saw your cups. May I ask where you learned it?"))
        self._write("noor", "ana", Words("I like it. Is it warm in the hand?"))

    def _write(self, one: str, other: str, words: Words) -> None:
        to = self.stage.member(other).id or 0
        chat.write_to(actor=self.stage.member(one), account_id=to, words=words)

    def _group(self) -> None:
        circle = cast.GROUPS[0]
        group = Group.objects.get(slug=circle.slug)
        owner, member = self.stage.member(circle.owner), self.stage.member(circle.members[0])
        room = chat.open_group_room(actor=owner, group_id=group.pk)
        for actor, body in (
            (owner, "Welcome. Say what you drink from."),
            (member, "A chipped one, and I will not give it away."),
        ):
            chat.send(actor=actor, room_id=room.pk, words=Words(body))

    def _asked(self, shop: Shop, handle: str, body: str) -> Thread:
        card = Wanted("product", self.stage.goods(shop)[0].pk)
        made = chat.ask_shop(
            actor=self.stage.member(handle), shop_id=shop.pk, words=Words(body, card=card)
        )
        return Thread.objects.get(room_id=made.room_id)

    def _answered(self, shop: Shop, thread: Thread) -> None:
        owner = self.stage.owner(shop)
        chat.save_quick_reply(
            actor=owner, shop_id=shop.pk, title="Colours", body="We make it in three colours."
        )
        words = Words("It does, from next week on.")
        chat.answer_buyer(actor=owner, shop_id=shop.pk, thread_id=thread.pk, words=words)
