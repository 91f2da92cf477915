"""What programs send and read about posts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .schemas import Alt, Answer, Body, Code, Id, IdOut, Moment, Money, Person, Picture, Token

VISIBILITY = {"public": 0, "followers": 1, "friends": 2, "only_me": 3, "group": 4}
VISIBILITY_NAMES = {number: name for name, number in VISIBILITY.items()}
Thousandth = Annotated[int, Field(strict=True, ge=0, le=1000)]


Focus = Annotated[list[Thousandth], Field(min_length=2, max_length=2)]
Audience = Literal["public", "followers", "friends", "only_me", "group"]
Declared = Literal["", "paid", "gift"]


class TagBody(Body):
    """A product on the ``picture``-th picture (from 0), at thousandths of its size."""

    product_id: Id
    picture: Annotated[int, Field(strict=True, ge=0, le=8)] = 0
    x: Thousandth = 500
    y: Thousandth = 500


class PollBody(Body):
    """A poll: two to four answers, open for so many days."""

    options: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=60)]],
        Field(min_length=2, max_length=4),
    ]
    days: Annotated[int, Field(strict=True, ge=1, le=30)] = 3


class PostBody(Body):
    """A post: up to 9 uploaded pictures by their tokens, with products tagged on them.

    ``video`` is the id of an uploaded video; the first picture is its poster. Questions, moments
    and videos may do without pictures. ``alts`` say what each picture shows, in their
    order, for people who cannot see it; ``focuses`` are the points [x, y] that stay in sight where
    it is cut. ``group_id`` is a group of one's own. ``declared``: what its author got for it.
    """

    pictures: Annotated[list[Token], Field(max_length=9)] = []
    video: Id | None = None
    focuses: Annotated[list[Focus], Field(max_length=9)] = []
    kind: Literal["note", "question", "moment"] = "note"
    group_id: Id | None = None
    declared: Declared = ""
    poll: PollBody | None = None
    alts: Annotated[list[Alt | None], Field(max_length=9)] = []
    title: Annotated[str, StringConstraints(max_length=120)] = ""
    body: Annotated[str, StringConstraints(max_length=5000)] = ""
    tags: Annotated[list[TagBody], Field(max_length=10)] = []
    visibility: Audience = "public"


class EditBody(Body):
    """What a post says from now on; absent ``visibility`` and ``declared`` stay as they are."""

    title: Annotated[str, StringConstraints(max_length=120)] = ""
    body: Annotated[str, StringConstraints(max_length=5000)] = ""
    visibility: Audience | None = None
    declared: Declared | None = None


class VoteBody(Body):
    """A vote."""

    option_id: Id


class AltsBody(Body):
    """What the pictures show, in their order; null leaves one as it is, empty takes it away."""

    alts: Annotated[list[Alt | None], Field(max_length=9)]


class RepinBody(Body):
    """A repin: a word of one's own, and the link through which the post was reached."""

    note: Annotated[str, StringConstraints(max_length=500)] = ""
    via: Code | None = None


class CommentBody(Body):
    """A comment; ``parent_id`` answers another one."""

    body: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    parent_id: Id | None = None


class TagAnswer(Answer):
    """A product on a picture; ``price`` is null where none is on sale."""

    product_id: IdOut
    title: str
    picture: int
    x: int
    y: int
    price: Money | None


class VideoAnswer(Answer):
    """An uploaded video: its ``id`` goes into one's own post within 48 hours."""

    id: IdOut
    type: str
    bytes: int


class VideoVariant(Answer):
    """One form in which a video can be fetched, to whoever may see its post."""

    url: str
    type: str
    bytes: int


class DisclosureAnswer(Answer):
    """Why a post is commercial (paid, sells, earns, gift), and the words to show with it."""

    reason: str
    label: str


class PostAnswer(Answer):
    """A post. A repin shows its original's content; ``link`` is the code to share it by, ``video``
    the path of its video on the pages, ``video_variants`` where programs fetch it, ``poster`` the
    picture to show before it plays.

    ``disclosure`` must be shown wherever the post is: it holds at this moment. ``waits``: nobody
    sees it before a moderator, of its group or of the platform, lets it appear.
    """

    id: IdOut
    author: Person
    repin_of: IdOut | None
    original_author: Person | None
    title: str
    body: str
    note: str
    kind: str
    visibility: str
    waits: bool
    disclosure: DisclosureAnswer | None
    pictures: list[Picture]
    video: str | None
    video_variants: list[VideoVariant]
    poster: Picture | None
    tags: list[TagAnswer]
    likes: int
    comments: int
    saves: int
    repins: int
    liked: bool
    link: str | None
    created_at: Moment
    edited_at: Moment | None


class PollOptionAnswer(Answer):
    """An answer of a poll; ``votes`` is null while the result is not told."""

    id: IdOut
    text: str
    votes: int | None
    mine: bool


class PollAnswer(Answer):
    """A poll: its result is told to whoever voted, and to all when it has closed."""

    closes_at: Moment
    closed: bool
    voted: bool
    people: int
    options: list[PollOptionAnswer]


class EditAnswer(Answer):
    """What a post said until ``until``."""

    title: str
    body: str
    until: Moment


class CommentAnswer(Answer):
    """A comment. ``waits``: nobody sees it before a moderator has looked at it."""

    id: IdOut
    author: Person | None
    body: str
    waits: bool
    created_at: Moment


class ThreadAnswer(CommentAnswer):
    """A comment with the first two of the ``answers`` to it.

    One taken away has no ``body``, and its ``author`` is null.
    """

    answers: int
    replies: list[CommentAnswer]
