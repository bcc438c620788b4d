"""The secrets of a session's cookies."""

import re

from runcast_api.accounts.pages.chain import Chain

KEY = "0123456789abcdef0123456789abcdef"


def test_the_next_secret_is_one_and_has_256_bits():
    """Of the same key, session and secret it is the same; of any other one it is another."""
    chain = Chain(KEY)
    next_one = chain.successor("s", "x")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", next_one)
    assert next_one == Chain(KEY).successor("s", "x")
    others = {Chain(KEY + "1").successor("s", "x"), chain.successor("t", "x"), chain.successor("s", "y")}
    assert len(others | {next_one}) == 4


def test_a_cookie_is_known_by_its_seal():
    """However old it is: of its session, its secret and the installation's key, and of no other one."""
    chain = Chain(KEY)
    session_id, secret, seal = chain.value("s", "x").split(".")
    assert (session_id, secret) == ("s", "x")
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", seal)
    assert Chain(KEY).gave_out("s", "x", seal)
    assert not chain.gave_out("t", "x", seal)
    assert not chain.gave_out("s", "y", seal)
    assert not chain.gave_out("s", "x", "x" * 22)
    assert not Chain(KEY + "1").gave_out("s", "x", seal)
