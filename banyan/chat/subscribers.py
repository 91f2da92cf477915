"""What the chat does when others say something: blocks end listening, questions reach the shop."""

from __future__ import annotations

from django.db.models import QuerySet

from banyan.catalog.access import works_in
from banyan.catalog.models import Shop
from banyan.community.access import visible_posts
from banyan.community.events import PostCommented
from banyan.community.models import ProductTag
from banyan.groups.events import GroupClosed, GroupHidden, GroupLeft, GroupRemoved
from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Event, Meta
from banyan.orders.events import OrderNoted
from banyan.orders.models import Checkout, OrderNote
from banyan.people.access import blocked_between
from banyan.people.events import BlockStarted

from .actions.rooms import renew_streams, room_of_shop, rooms_between
from .actions.sending import hear
from .models import Room

US = Actor.system("chat")


@events.subscribe(BlockStarted, consumer="chat")
def part(event: BlockStarted, meta: Meta) -> None:
    """Let neither of a blocked pair hear that the other's room lives on."""
    renew_streams(actor=US, rooms=rooms_between(event.actor_id, event.target_id))


def leave(event: Event, meta: Meta) -> None:
    """Let whoever belongs to a group no more hear nothing of its room."""
    assert isinstance(event, Parting)
    renew_streams(actor=US, rooms=Room.objects.filter(group_id=event.group_id))


Parting = GroupLeft | GroupRemoved | GroupClosed | GroupHidden
for _kind in (GroupLeft, GroupRemoved, GroupClosed, GroupHidden):
    events.subscribe(_kind, consumer="chat")(leave)


@events.subscribe(PostCommented, consumer="chat")
def hear_a_comment(event: PostCommented, meta: Meta) -> None:
    """Bring what is written under a post that everybody sees to the shops whose goods it shows.

    Not what those who work there write, nor the post's own author.
    """
    if event.by_id == event.author_id:
        return
    for shop in _shops_shown(event.post_id):
        writer = Actor(kind="member", id=event.by_id)
        if works_in(writer, shop.pk) or blocked_between(event.by_id, shop.owner_id):
            continue
        hear(
            actor=US,
            room=room_of_shop(shop.pk, event.by_id),
            card=("comment", event.comment_id),
            author_id=event.by_id,
            as_shop=False,
        )


def _shops_shown(post_id: int) -> QuerySet[Shop]:
    post = visible_posts(Actor.guest()).filter(pk=post_id).first()
    if post is None:
        return Shop.objects.none()
    content = post.repin_of_id or post.pk
    tags = ProductTag.objects.filter(post_image__post_id=content)
    return Shop.objects.filter(pk__in=tags.values("product__shop_id")).order_by("pk")


@events.subscribe(OrderNoted, consumer="chat")
def hear_a_note(event: OrderNoted, meta: Meta) -> None:
    """Bring what is written about a member's order to the shop's thread with them."""
    buyer_id = Checkout.objects.values_list("buyer_id", flat=True).get(pk=event.checkout_id)
    note = OrderNote.objects.filter(pk=event.note_id).first()
    if buyer_id is None or note is None or event.author_kind == "support":
        return
    hear(
        actor=US,
        room=room_of_shop(event.shop_id, buyer_id),
        card=("note", note.pk),
        author_id=note.author_id,
        as_shop=event.author_kind == "shop",
    )
