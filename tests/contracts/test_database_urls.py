"""Database URLs as other libraries write them: the answer says how SQLAlchemy does."""

from __future__ import annotations

import re

import pytest

from guard.errors import StoreUnavailable
from guard.store.sql.engine import make_engine


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgres://user:secret@db/shop", "write postgresql+psycopg://"),
        ("mysql://user:secret@db/shop", "MySQLdb is missing): pip install"),
    ],
)
def test_the_answer_says_what_to_write(url: str, told: str) -> None:
    with pytest.raises(StoreUnavailable, match=re.escape(told)) as error:
        make_engine(url)
    assert "secret" not in str(error.value)
