"""Which secrets may be kept, and with what."""

from __future__ import annotations

import pytest

from guard.core.secret_names import LONGEST_SECRET, SECRETS, check_secret
from guard.errors import InvalidRequest


@pytest.mark.parametrize("name", SECRETS)
def test_each_may_be_kept(name: str) -> None:
    check_secret(name)
    check_secret(name, "x" * LONGEST_SECRET)


@pytest.mark.parametrize("text", ["", "x" * (LONGEST_SECRET + 1), "a\nb", "a\x00b"])
def test_what_is_wrong_with_a_text_is_said_without_it(text: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        check_secret("smtp_password", text)
    assert len(text) < 2 or text not in str(raised.value)


def test_a_name_that_is_none_gets_the_nearest() -> None:
    with pytest.raises(InvalidRequest, match="did you mean 'webhook_secret'"):
        check_secret("webhook_secrets")
