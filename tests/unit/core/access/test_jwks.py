"""Tokens of an identity provider, by a server that tells its keys, tells something else, or hangs."""

import json
import time

import anyio
import jwt
import pytest

from runcast_core.access import jwks, provider_keys
from runcast_core.access.jwks import JwksTokens, fetch_keys
from runcast_core.access.verifier import token_verifier
from runcast_core.model.errors import InvalidToken, KeysUnavailable
from runcast_core.serving.settings import TokenSettings
from tests.parts.conditions import until
from tests.parts.identity_provider import IdentityProvider

SECRET = "a secret of thirty-two characters, for tests"


async def test_tokens_of_an_identity_provider_verify_by_its_keys():
    """RS256 by the key that the JWKS URL serves; another key, HS256 or none are refused. What cannot be good, whatever
    the keys are, is refused without asking."""
    with IdentityProvider() as provider, IdentityProvider() as other:
        verifier = token_verifier(TokenSettings.from_mapping({"JWKS_URL": provider.url}))
        for bad in (
            jwt.encode({"exp": time.time() + 60}, SECRET, algorithm="HS256", headers={"kid": "k1"}),
            provider.token(kid=None),
            "no.token.at all",
        ):
            with pytest.raises(InvalidToken):
                await verifier.verify(bad)
        assert provider.asked == 0
        assert (await verifier.verify(provider.token())).organization_id == "o"
        with pytest.raises(InvalidToken):
            await verifier.verify(other.token())
        assert provider.asked == 1


async def test_an_unknown_key_is_refused_once_the_keys_were_read_for_it(monkeypatch: pytest.MonkeyPatch):
    """Just after they were read nobody can say: it may be new."""
    monkeypatch.setattr(provider_keys, "PAUSE_S", 0.2)
    with IdentityProvider() as provider:
        verifier = JwksTokens(provider.url)
        await verifier.verify(provider.token())
        with pytest.raises(KeysUnavailable) as caught:
            await verifier.verify(provider.token("k2"))
        assert caught.value.temporary

        async def refused() -> bool:
            try:
                await verifier.verify(provider.token("k2"))
            except KeysUnavailable:
                return False
            except InvalidToken:
                return True
            raise AssertionError

        await until(refused)
        provider.body = provider.keys("k2")

        async def good() -> bool:
            try:
                return bool(await verifier.verify(provider.token("k2")))
            except KeysUnavailable:
                return False

        await until(good)
        with pytest.raises(KeysUnavailable):
            await verifier.verify(provider.token("k1"))


SECRET_KEY = {"kty": "oct", "kid": "k1", "k": "c2VjcmV0"}


@pytest.mark.parametrize(
    "body",
    [
        b"<html>busy</html>",
        b"[]",
        b"7",
        b'{"keys": []}',
        b'{"keys": 7}',
        json.dumps({"keys": [SECRET_KEY]}).encode(),
        b"[" * 100_000,
        b" " * (jwks.MAX_BYTES + 1),
        None,
    ],
    ids=lambda body: repr(body and body[:20]),
)
async def test_a_provider_that_does_not_tell_its_keys_is_a_temporary_error(body: bytes | None):
    """Nobody is told that a token is bad which nobody could look at; what is no token at all is bad without looking."""
    with IdentityProvider() as provider:
        provider.body = body or b""
        verifier = JwksTokens(provider.url if body is not None else "http://127.0.0.1:1/")
        with pytest.raises(KeysUnavailable) as caught:
            await verifier.verify(provider.token())
        assert caught.value.temporary
        with pytest.raises(InvalidToken):
            await verifier.verify("no.token.at all")


def test_only_public_keys_for_signatures_count():
    """The first one of an id; none for encryption, without an id, or that is secret."""
    with IdentityProvider() as provider, IdentityProvider() as other:
        [key], [second] = json.loads(provider.keys("k1"))["keys"], json.loads(other.keys("k1"))["keys"]
        others = [
            {**key, "kid": "e", "use": "enc"},
            {**SECRET_KEY, "kid": "s"},
            {**key, "kid": ""},
            {**key, "use": "sig"},
        ]
        provider.body = json.dumps({"keys": [{**key, "kid": "a"}, second, *others]}).encode()
        assert fetch_keys(provider.url).keys() == {"a", "k1"}
        verified = jwt.decode(other.token(), fetch_keys(provider.url)["k1"], algorithms=["RS256"])
        assert verified["userId"] == "u"


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch):
    """Each wait is short; their sum is bounded, too."""
    monkeypatch.setattr(jwks, "TIMEOUT_S", -1)

    class Dripping:
        def read1(self, _: int) -> bytes:
            return b" "

    with pytest.raises(ValueError, match="too slow"):
        jwks._body(Dripping(), time.monotonic() - 1)


async def test_a_flood_of_unknown_keys_delays_no_good_token():
    """Nor does it make the provider be asked more often; while the provider hangs, likewise."""
    with IdentityProvider() as provider:
        verifier, good = JwksTokens(provider.url), provider.token()
        await verifier.verify(good)
        with provider.hanging():
            verifier._keys._next_at = 0.0
            postponed: list[int] = []

            async def flood(number: int) -> None:
                with pytest.raises(KeysUnavailable):
                    await verifier.verify(provider.token(f"unknown-{number}"))
                postponed.append(number)

            async with anyio.create_task_group() as tasks:
                for number in range(50):
                    tasks.start_soon(flood, number)
                await until(lambda: provider.asked == 2)
                for _ in range(20):
                    before = time.monotonic()
                    await verifier.verify(good)
                    assert time.monotonic() - before < 0.5
                assert postponed == []
                with anyio.fail_after(provider_keys.WAIT_S + 5):
                    await until(lambda: len(postponed) == 50)
        assert provider.asked == 2
