"""What a client says of itself, and what of that counts."""

import pytest

from runcast_core.access.tokens import Claims, HmacTokens
from runcast_core.model.accounts import Role
from runcast_core.model.errors import InvalidInput, InvalidToken, KeysUnavailable
from runcast_gateway.protocol.handshake import (
    MAX_OFFSET_LENGTH,
    MAX_PID_LENGTH,
    Handshake,
    Refused,
    authenticate,
    read_handshake,
)

TOKENS = HmacTokens("a secret of thirty-two characters, for tests")


async def test_a_good_token_says_who_it_is():
    """Whatever else is said beside it."""
    token = TOKENS.issue("u", "o", Role.ADMIN)
    claims = await authenticate({"token": token, "organizationId": "other", "userId": "v", "role": "admin"}, TOKENS)
    assert (claims.user_id, claims.organization_id, claims.role) == ("u", "o", Role.ADMIN)


@pytest.mark.parametrize("auth", [None, {}, [], "token", 7, {"token": None}, {"token": ""}])
async def test_without_a_token_it_is_refused(auth: object):
    """In the words of the system that was replaced."""
    with pytest.raises(Refused) as caught:
        await authenticate(auth, TOKENS)
    assert (caught.value.error, caught.value.reason) == ("Authentication required", "No token provided")


@pytest.mark.parametrize("token", ["x", 7, ["x"], {"a": 1}, True, "a.b.c"])
async def test_a_bad_token_is_refused(token: object):
    """Whatever its type."""
    with pytest.raises(Refused) as caught:
        await authenticate({"token": token}, TOKENS)
    assert (caught.value.error, caught.value.reason) == ("Invalid or expired token", "Invalid token")
    assert isinstance(caught.value.__cause__, InvalidToken)


async def test_a_provider_that_does_not_answer_is_no_refusal():
    """The client may come back."""

    class Unreachable:
        async def verify(self, token: object) -> Claims:
            raise KeysUnavailable("no keys")

    with pytest.raises(KeysUnavailable):
        await authenticate({"token": "t"}, Unreachable())


def test_it_says_what_it_wants():
    """Offsets only if it asked to recover; by default all output."""
    assert read_handshake({"token": "t"}, max_watched=2) == Handshake()
    said = {"recover": True, "pid": "p", "offset": "1-0", "watch": ["a", "b", "a"]}
    assert read_handshake(said, max_watched=3) == Handshake(True, frozenset({"a", "b"}), "p", "1-0")
    assert read_handshake(said | {"recover": "yes"}, max_watched=3) == Handshake(False, frozenset({"a", "b"}))
    assert read_handshake({"watch": []}, max_watched=1).watching == frozenset()


@pytest.mark.parametrize("value", [None, 7, ["p"], {"p": 1}, "x" * 513])
def test_a_pid_or_an_offset_of_another_kind_is_none(value: object):
    """It is a client's own word: it is as if it had not been said."""
    assert read_handshake({"recover": True, "pid": value, "offset": value}, max_watched=1) == Handshake(True)


def test_a_pid_and_an_offset_may_be_so_long():
    """And no longer."""
    longest = {"recover": True, "pid": "p" * MAX_PID_LENGTH, "offset": "1" * MAX_OFFSET_LENGTH}
    assert read_handshake(longest, max_watched=1).pid == longest["pid"]
    assert read_handshake(longest, max_watched=1).offset == longest["offset"]
    longer = {name: f"{value}x" for name, value in longest.items() if name != "recover"}
    assert read_handshake({"recover": True} | longer, max_watched=1) == Handshake(True)


@pytest.mark.parametrize(
    ("watch", "code"),
    [
        ("t", "INVALID_WATCH"),
        ({"t": 1}, "INVALID_WATCH"),
        (7, "INVALID_WATCH"),
        (False, "INVALID_WATCH"),
        (["a", "b", "c"], "TOO_MANY_WATCHED"),
        (["a/b"], None),
        ([""], None),
        ([7], None),
        ([["a"]], None),
        (["x" * 129], None),
    ],
)
def test_a_watch_that_cannot_be_is_said_to_be_so(watch: object, code: str | None):
    """Rather than showing all output, or none."""
    with pytest.raises(InvalidInput) as caught:
        read_handshake({"watch": watch}, max_watched=2)
    assert code is None or caught.value.code == code
