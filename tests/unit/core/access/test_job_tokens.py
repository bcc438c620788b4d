"""Tokens of jobs: of one attempt each, and by no spelling of another."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runcast_core.access.job_tokens import MAX_LENGTH, PREFIX, JobTokens, job_tokens_of
from runcast_core.model.executions import AttemptKey
from runcast_core.serving.settings import SecretsSettings

OLD, NEW = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
KEY = AttemptKey("acme", "t.1-a_b", 2, 1_700_000_000_000)
TOKENS = JobTokens([NEW])


@pytest.mark.parametrize("attempt", [KEY, AttemptKey("a" * 64, "t" * 128, 10**6, 2**53), AttemptKey("o", "1", 1, 0)])
def test_a_token_says_which_attempt_it_is_of(attempt: AttemptKey):
    """In a text that a variable and a header can hold."""
    token = TOKENS.issue(attempt)
    assert TOKENS.attempt(token) == attempt
    assert token.startswith(PREFIX)
    assert len(token) < MAX_LENGTH
    assert set(token[4:]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_the_first_key_signs_and_all_verify():
    """So a key can be changed while jobs run; one that is gone verifies no more."""
    before, during, after = JobTokens([OLD]), JobTokens([NEW, OLD]), JobTokens([NEW])
    assert during.attempt(before.issue(KEY)) == after.attempt(during.issue(KEY)) == KEY
    assert after.attempt(before.issue(KEY)) is before.attempt(after.issue(KEY)) is None
    assert during.every(KEY) == [after.issue(KEY), before.issue(KEY)]


def test_an_installation_without_a_secrets_key_has_none():
    """With one, its own."""
    assert job_tokens_of(SecretsSettings.from_mapping({})) is None
    tokens = job_tokens_of(SecretsSettings.from_mapping({"RUNCAST_SECRETS_KEY": f"{NEW},{OLD}"}))
    assert tokens is not None
    assert tokens.issue(KEY) == TOKENS.issue(KEY)


def _exchanged(token: str, **change: object) -> str:
    said = base64.urlsafe_b64encode(str(list(KEY._replace(**change))).replace("'", '"').encode()).decode().rstrip("=")
    return f"{PREFIX}{said}.{token.rpartition('.')[2]}"


def test_what_is_not_signed_is_none():
    """Another attempt with this one's signature, a part of one, other spellings of the same."""
    token = TOKENS.issue(KEY)
    changes = [{"attempt": 3}, {"task_id": "t"}, {"organization_id": "b"}, {"created_at": 1}]
    spoilt = [_exchanged(token, **change) for change in changes]
    spoilt += [token[:-1], token + "=", token + "x", token.upper(), token[4:], "rcw_" + token[4:], f" {token}"]
    spoilt += [token.replace(".", ".."), token.split(".")[0], f"{PREFIX}.", PREFIX, "", token + "." * 500]
    spoilt += [token + "\ud800"]
    assert [each for each in spoilt if TOKENS.attempt(each) is not None] == []


@given(st.text() | st.text().map(lambda text: PREFIX + text))
@example(PREFIX + ".\u00fc")
@example("rcj_\x00.\x00")
def test_whatever_is_sent_is_none(text: str):
    """And raises nothing."""
    assert TOKENS.attempt(text) is None
