"""A database full of members, follows and posts for ``bench.feeds``, made by SQL from numbers.

Everybody follows 20 others and wrote three posts over two years, mixed as they would be. Four
members stand out: two readers of many, a star with a tenth of all as fans, every other of whom
asked to hear of every post, and whoever is near.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.db import connection

MEMBERS, FOLLOWS_EACH, POSTS_EACH, IMAGES = 1_000_000, 20, 3, 2_000
READS = (300, 5_000)
REGIONS = 300
_TABLES = (
    "people_account", "people_profile", "people_follow", "community_post", "community_postimage",
    "community_authorstat", "community_poststat",
)  # fmt: skip
_YEARS_MS = 2 * 365 * 86_400_000

# A step that is prime to every number of members spreads neighbours over all of them.
_FILL = (
    """
    INSERT INTO people_account (id, password, is_superuser, handle, display_name, language, theme,
      is_active, is_staff, is_demo, created_at)
    SELECT n, '!', false, 'member' || n, 'Member ' || n, 'en', '', true, false, false, now()
    FROM generate_series(1, %(all)s) n
    """,
    """
    INSERT INTO people_profile (account_id, bio, region, birthday_audience)
    SELECT n, '', 'R-' || n %% %(regions)s, 'private' FROM generate_series(1, %(all)s) n
    """,
    """
    INSERT INTO people_follow (id, follower_id, followee_id, state, level, is_mutual, created_at)
    SELECT row_number() OVER (ORDER BY f, t), f, t, 1, 0, false, now() FROM (
      SELECT f, 1 + (f * 7919 + k * 104729) %% %(members)s AS t
      FROM generate_series(1, %(members)s::bigint) f, generate_series(1, %(each)s) k) x
    WHERE f <> t
    """,
    """
    INSERT INTO people_follow (id, follower_id, followee_id, state, level, is_mutual, created_at)
    SELECT 1000000000 + n, n, %(star)s, 1, n %% 2 * 2, false, now()
    FROM generate_series(1, %(fans)s) n
    """,
    """
    INSERT INTO people_follow (id, follower_id, followee_id, state, level, is_mutual, created_at)
    SELECT 1100000000 + r.n * 10000 + k, r.id, 1 + (k * 104729::bigint) %% %(members)s, 1, 0, false,
      now()
    FROM unnest(%(readers)s::bigint[], %(reads)s::int[]) WITH ORDINALITY AS r (id, follows, n),
      generate_series(1, r.follows) k
    """,
    # The last of the follows above are friends: they follow back.
    """
    WITH back AS (
      INSERT INTO people_follow (id, follower_id, followee_id, state, level, is_mutual, created_at)
      SELECT id + 500000000, followee_id, follower_id, 1, 0, true, now() FROM people_follow
      WHERE id > 1100000000 AND id %% 10 = 0 ON CONFLICT DO NOTHING RETURNING id)
    UPDATE people_follow SET is_mutual = true
    WHERE id IN (SELECT id - 500000000 FROM back)
    """,
    """
    INSERT INTO community_post (id, author_id, title, body, language, kind, visibility, state,
      region, created_at)
    SELECT ((%(first)s + %(span)s * n / %(posts)s) << 22) | (n & 4095),
      1 + (n * 7919) %% %(members)s, 'Post ' || n, repeat('word ', 40), 'en', 'note',
      CASE n %% 20 WHEN 0 THEN 1 WHEN 1 THEN 2 ELSE 0 END, 1,
      'R-' || (1 + (n * 7919) %% %(members)s) %% %(regions)s, now()
    FROM generate_series(1::bigint, %(posts)s) n
    """,
    """
    INSERT INTO community_postimage (id, post_id, image_id, position)
    SELECT id, id, 1 + id %% %(images)s, 0 FROM community_post
    """,
    """
    INSERT INTO community_authorstat (account_id, last_public_id, last_followers_id, posts)
    SELECT author_id, max(id) FILTER (WHERE visibility = 0), max(id), count(*)
    FROM community_post GROUP BY author_id HAVING max(id) FILTER (WHERE visibility = 0) > 0
    """,
    """
    INSERT INTO community_poststat (post_id, likes, comments, saves, repins, heat)
    SELECT id, id %% 50, id %% 7, id %% 3, 0, log(1 + id %% 50) + (id >> 22) / 45000000.0
    FROM community_post WHERE (id >> 22) %% 4 = 0
    """,
    """
    INSERT INTO media_image (id, sha256, original, width, height, palette, preview, alt, created_at,
      kept_at)
    SELECT n, n::text, 'o', 720, 900, n %% 60, '', '', now(), now()
    FROM generate_series(1, %(images)s) n
    """,
    """
    INSERT INTO media_rendition (image_id, fmt, width, height, file, bytes)
    SELECT n, fmt, width, width * 5 / 4, 'p/00/' || n || '-' || width || '.' || fmt, 9000
    FROM generate_series(1, %(images)s) n, unnest(ARRAY['avif', 'webp', 'jpeg']) fmt,
      unnest(ARRAY[240, 480, 720]) width
    """,
)


class Crowd:
    """Fills the database; knows who stands out."""

    def __init__(self, scale: float) -> None:
        self.members = max(2 * max(READS), int(MEMBERS * scale))
        self.star = self.members + 1
        self.fans = self.members // 10
        self.readers = {follows: self.members + 2 + n for n, follows in enumerate(READS)}

    def some_fans(self, count: int) -> list[int]:
        """Return fans of the star, from all over."""
        return [1 + n * self.fans // count for n in range(count)]

    def fill(self) -> None:
        """Put everything in, then the indexes, then what the planner knows."""
        span = _YEARS_MS
        given: dict[str, Any] = {
            "all": self.members + 1 + len(READS),
            "members": self.members,
            "each": FOLLOWS_EACH,
            "regions": REGIONS,
            "star": self.star,
            "fans": self.fans,
            "readers": list(self.readers.values()),
            "reads": list(self.readers),
            "posts": self.members * POSTS_EACH,
            "first": int(time.time() * 1000) - 1_704_067_200_000 - span,
            "span": span,
            "images": IMAGES,
        }
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("SET maintenance_work_mem = '512MB'")
            cursor.execute("SET work_mem = '256MB'")
            made = list(_dropped())
            for statement in _FILL:
                cursor.execute(statement, given)
            for index in made:
                cursor.execute(index)
            cursor.execute("RESET work_mem")
            cursor.execute("SET session_replication_role = DEFAULT")
            cursor.execute("VACUUM (ANALYZE, FREEZE)")


def _dropped() -> Iterable[str]:
    """Drop the indexes that hold up no constraint, and yield how they are made again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)"
            " AND indexdef !~ 'UNIQUE'",
            [list(_TABLES)],
        )
        for name, definition in cursor.fetchall():
            cursor.execute(f'DROP INDEX "{name}"')
            yield definition
