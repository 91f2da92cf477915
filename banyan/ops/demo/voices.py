"""What people of the demo said in the last two days: topics, questions, polls, moments, groups."""

from __future__ import annotations

from banyan.community import actions as community
from banyan.community.models import PollOption, Post
from banyan.groups.models import Group
from banyan.kernel import clock
from banyan.media.models import Image

from . import cast
from .stage import Stage


class Voices:
    """Tells the latest, when people know each other, the goods and the groups."""

    def __init__(self, stage: Stage, pictures: dict[int, Image]) -> None:
        self.stage = stage
        self.pictures = pictures

    def tell_all(self) -> None:
        """Let many talk about few topics, so that the warm ones can be seen."""
        self.stage.tell("topics, questions, moments")
        for number, (handle, title, body) in enumerate(cast.SAID):
            with clock.at(self.stage.at(0.975 + 0.001 * number)):
                spoken = "zh-hans" if handle in cast.CHINESE else "en"
                self._show(handle, number, title=title, body=body, language=spoken)
        with clock.at(self.stage.at(0.99)):
            self._asked()
            self._among_friends()
            self._in_groups()
            self._collected()
            community.count_heat()

    def _show(self, handle: str, number: int, **values: object) -> Post:
        product = self.stage.products[number % len(self.stage.products)]
        return community.publish_post(
            actor=self.stage.member(handle),
            images=[self.pictures[product.pk]],
            **values,  # type: ignore[arg-type]  # its own fields
        )

    def _asked(self) -> None:
        """A question with a poll, and one whose asker found the answer."""
        which = community.publish_post(
            actor=self.stage.member("noor"),
            images=[],
            kind="question",
            title="Which one for a small kitchen?",
            body="I cook for two, seldom for more. #kitchen",
            language="en",
            poll=community.PollWish(["The big pot", "Two small ones", "Neither"]),
        )
        options = list(PollOption.objects.filter(poll__post=which).order_by("position"))
        for number, handle in enumerate(("ben", "cybakes", "fen", "juno", "lin")):
            voter = self.stage.member(handle)
            community.vote(actor=voter, post_id=which.pk, option_id=options[number % 2].pk)
        how = community.publish_post(
            actor=self.stage.member("juno"),
            images=[],
            kind="question",
            title="How do you clean a teapot?",
            body="Without soap, they say. #tea",
            language="en",
        )
        told = community.comment(
            actor=self.stage.member("ana"), post_id=how.pk, body="Hot water and patience. @juno"
        )
        community.like_comment(actor=self.stage.member("noor"), post_id=how.pk, comment_id=told.pk)
        community.accept_answer(actor=self.stage.member("juno"), post_id=how.pk, comment_id=told.pk)

    def _among_friends(self) -> None:
        self._show(
            "ana", 3, title="For you first", body="The new glaze.", visibility=2, language="en"
        )
        community.publish_post(
            actor=self.stage.member("noor"),
            images=[],
            kind="moment",
            body="Rain, and a full pot.",
            language="en",
            visibility=2,
        )

    def _in_groups(self) -> None:
        for number, circle in enumerate(cast.GROUPS):
            group = Group.objects.get(slug=circle.slug)
            for place, (handle, said) in enumerate(zip(circle.members, circle.said, strict=False)):
                self._show(
                    handle, number + 5 + 3 * place, title=said[0], body=said[1], group_id=group.pk,
                    visibility=4 if group.visibility else 0,
                )  # fmt: skip

    def _collected(self) -> None:
        """A board that two keep together."""
        ana, noor = self.stage.member("ana"), self.stage.member("noor")
        board = community.make_board(actor=ana, title="Cups we like")
        community.invite_to_board(actor=ana, board_id=board.pk, handle="noor")
        community.join_board(actor=noor, board_id=board.pk)
        for post in Post.objects.filter(visibility=0, repin_of=None).order_by("-pk")[:4]:
            community.save_to_board(actor=ana, post_id=post.pk, board_id=board.pk)
