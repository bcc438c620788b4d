"""The secrets of a session's cookies."""

import re

from runcast_api.accounts.pages.chain import MAX_STEPS, Chain
from runcast_core.model.credentials import secret_hash

KEY = "0123456789abcdef0123456789abcdef"


def test_the_next_secret_is_one_and_has_256_bits():
    """Of the same key, session and secret it is the same; of any other one it is another."""
    chain = Chain(KEY)
    next_one = chain.successor("s", "x")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", next_one)
    assert next_one == Chain(KEY).successor("s", "x")
    others = {Chain(KEY + "1").successor("s", "x"), chain.successor("t", "x"), chain.successor("s", "y")}
    assert len(others | {next_one}) == 4


def test_a_secret_is_known_by_what_follows_it():
    """Up to a bound; forwards only, and in its own session."""
    chain, secrets = Chain(KEY), ["x"]
    for _ in range(MAX_STEPS):
        secrets.append(chain.successor("s", secrets[-1]))
    newest = {secret_hash(secrets[-1])}
    assert chain.leads_to("s", secrets[-1], newest)
    assert chain.leads_to("s", secrets[1], newest)
    assert not chain.leads_to("s", secrets[0], newest)
    assert not chain.leads_to("t", secrets[1], newest)
    assert not chain.leads_to("s", secrets[-1], {secret_hash(secrets[1])})
