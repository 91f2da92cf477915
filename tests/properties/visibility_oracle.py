"""Who may see what, slow and obvious: plain Python over dicts and sets, no query of ours."""

from __future__ import annotations

from collections.abc import Callable

from banyan.community.models import BoardMember, Comment, Post
from banyan.groups.models import Group, Membership
from banyan.people.models import Account, AccountList, Block, Follow, ListEntry, Mute, Profile

Viewer = int | None


class Oracle:
    """The rule, over the rows as they are now."""

    def __init__(self) -> None:
        self.open = {a.pk: a.is_active for a in Account.objects.all()}
        self.region = {p.pk: p.region for p in Profile.objects.all()}
        rows = Follow.objects.filter(state=1)
        self.level = {(f.follower_id, f.followee_id): f.level for f in rows}
        self.blocks = set(Block.objects.values_list("actor_id", "target_id"))
        self.mutes = set(Mute.objects.values_list("actor_id", "target_id"))
        self.posts = {p.pk: p for p in Post.objects.all()}
        self.groups = {g.pk: g for g in Group.objects.all()}
        members = Membership.objects.filter(state=1)
        self.members = set(members.values_list("account_id", "group_id"))
        self.lists = {row.pk: row.owner_id for row in AccountList.objects.all()}
        self.on_board = set(BoardMember.objects.values_list("board_id", "account_id"))
        self.on_list = set(ListEntry.objects.values_list("on_id", "account_id"))

    def apart(self, one: Viewer, other: int) -> bool:
        return (one, other) in self.blocks or (other, one) in self.blocks

    def follows(self, one: Viewer, other: int) -> bool:
        return (one, other) in self.level

    def friends(self, one: Viewer, other: int) -> bool:
        return self.follows(one, other) and (other, one) in self.level

    def sees_person(self, viewer: Viewer, person: int) -> bool:
        return self.open[person] and not self.apart(viewer, person)

    def reads_group(self, viewer: Viewer, row: Post) -> bool:
        if row.group_id is None:
            return True
        group = self.groups[row.group_id]
        if group.closed_at is not None:
            return False
        if (viewer, group.pk) in self.members:
            return True
        return group.visibility == 0 and row.visibility != 4

    def sees_post(self, viewer: Viewer, post_id: int) -> bool:
        row = self.posts[post_id]
        if row.deleted_at or row.state != 1 or not self.sees_person(viewer, row.author_id):
            return False
        if row.repin_of_id is not None:
            original = self.posts[row.repin_of_id]
            gone = original.deleted_at or original.state != 1 or original.visibility != 0
            if gone or not self.sees_person(viewer, original.author_id):
                return False
            if not self.reads_group(viewer, original):
                return False
        if viewer == row.author_id:
            return True
        if not self.reads_group(viewer, row):
            return False
        return {
            0: True,
            1: self.follows(viewer, row.author_id),
            2: self.friends(viewer, row.author_id),
            3: False,
            4: True,
        }[row.visibility]

    def posts_for(self, viewer: Viewer) -> set[int]:
        return {post_id for post_id in self.posts if self.sees_post(viewer, post_id)}

    def muted(self, viewer: Viewer, row: Post) -> bool:
        original = self.posts.get(row.repin_of_id or 0)
        shown = {row.author_id} | ({original.author_id} if original else set())
        return any((viewer, person) in self.mutes for person in shown)

    def feed(self, viewer: Viewer, wanted: Callable[[Post], bool]) -> list[int]:
        """Return what may be seen, is not muted and is wanted, newest first."""
        seen = (self.posts[post_id] for post_id in self.posts_for(viewer))
        found = (p.pk for p in seen if not self.muted(viewer, p) and wanted(p))
        return sorted(found, reverse=True)

    def following(self, viewer: int) -> list[int]:
        def wanted(row: Post) -> bool:
            if row.author_id == viewer:
                return True
            level = self.level.get((viewer, row.author_id))
            return level is not None and not (row.repin_of_id and level == 1)

        return self.feed(viewer, wanted)

    def moments(self, viewer: int) -> list[int]:
        def wanted(row: Post) -> bool:
            near = row.author_id == viewer or self.friends(viewer, row.author_id)
            return near and row.visibility == 2

        return self.feed(viewer, wanted)

    def of_list(self, viewer: int, list_id: int) -> list[int]:
        def wanted(row: Post) -> bool:
            mine = self.lists[list_id] == viewer and (list_id, row.author_id) in self.on_list
            quiet = self.level.get((viewer, row.author_id)) == 1
            return mine and not (row.repin_of_id and quiet)

        return self.feed(viewer, wanted)

    def of_group(self, viewer: Viewer, group_id: int) -> list[int]:
        return self.feed(viewer, lambda row: row.group_id == group_id)

    def near(self, viewer: Viewer) -> list[int]:
        here = self.region.get(viewer or 0, "")

        def wanted(row: Post) -> bool:
            public = row.visibility == 0 and row.repin_of_id is None
            return public and row.author_id != viewer and here != "" and row.region == here

        return self.feed(viewer, wanted)

    def explore(self, viewer: Viewer) -> set[int]:
        """Return what a ranked feed that has room for all must hold."""

        def wanted(row: Post) -> bool:
            inside = row.visibility == 4 and (viewer, row.group_id) in self.members
            return row.repin_of_id is None and (row.visibility == 0 or inside)

        return set(self.feed(viewer, wanted))

    def thread_of(self, viewer: Viewer, post_id: int) -> list[tuple[int, list[int]]]:
        rows = list(Comment.objects.filter(post_id=post_id).order_by("id"))
        heard = [row for row in rows if self.sees_person(viewer, row.author_id)]
        threads = []
        for root in (row for row in heard if row.root_id is None):
            answers = [r.pk for r in heard if r.root_id == root.pk and not r.deleted_at]
            if answers or not root.deleted_at:
                threads.append((root.pk, answers))
        return threads
