"""Whatever a document says, it is found by what it says."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.kernel import search

TEXT = st.text(
    st.one_of(
        st.sampled_from("手作陶瓷马克杯臺灣後天 -_.,'\"&|!:*()<>\\/@#%"),
        st.sampled_from("aZ09éßıİΣςкЙ한ガ"),
        st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]),
    ),
    max_size=30,
)


@pytest.mark.django_db
@settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(before=TEXT, text=TEXT, after=TEXT)
def test_a_text_is_found_in_every_document_that_contains_it(
    before: str, text: str, after: str
) -> None:
    wanted = search.query(text)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT %s = '' OR to_tsvector('simple', %s) @@ to_tsquery('simple', %s)",
            [wanted, search.document(f"{before} {text} {after}"), wanted],
        )
        assert cursor.fetchone() == (True,), (wanted, search.document(text))
