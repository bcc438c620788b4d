"""Which tokens verify, and as whom."""

import time

import jwt
import pytest

from runcast_core.access.tokens import HmacTokens, JwksTokens, token_issuer, token_verifier
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import InvalidToken, KeysUnavailable, SettingError
from runcast_core.serving.settings import TokenSettings
from tests.parts.identity_provider import IdentityProvider

SECRET = "a secret of thirty-two characters, for tests"


async def test_an_issued_token_verifies_as_who_it_was_issued_for():
    """Claims come back; the lifetime is the setting's."""
    tokens = HmacTokens(SECRET, lifetime_s=60, issuer="i", audience="a")
    claims = await tokens.verify(tokens.issue("u", "o", Role.VIEWER))
    assert (claims.user_id, claims.organization_id, claims.role) == ("u", "o", Role.VIEWER)
    assert 0 < claims.expires_at - time.time() <= 60


async def test_a_token_says_when_it_was_issued_to_the_millisecond():
    """As of now, or as of a later time that is asked for."""
    tokens = HmacTokens(SECRET, lifetime_s=60)
    before = now_ms()
    claims = await tokens.verify(tokens.issue("u", "o", Role.VIEWER))
    assert claims.issued_at is not None
    assert before <= round(claims.issued_at * 1000) <= now_ms()
    later = await tokens.verify(tokens.issue("u", "o", Role.VIEWER, not_before_ms=before + 5_123))
    assert later.issued_at == (before + 5_123) / 1000
    assert not claims.revoked_by(before)
    assert claims.revoked_by(before + 5_123)
    assert not later.revoked_by(before + 5_123)
    assert later.revoked_by(before + 5_124)


@pytest.mark.parametrize(("issued_at", "expected"), [(1_000_000, 1_000_000.0), (1.5, 1.5), (None, None)])
async def test_the_time_of_issue_may_be_whole_fractional_or_absent(issued_at, expected):
    """A token that has none is older than any revocation."""
    claims = {"userId": "u", "organizationId": "o", "role": "admin", "exp": time.time() + 60, "iat": issued_at}
    token = jwt.encode({k: v for k, v in claims.items() if v is not None}, SECRET, algorithm="HS256")
    verified = await HmacTokens(SECRET).verify(token)
    assert verified.issued_at == expected
    assert verified.revoked_by(0) == (expected is None)


@pytest.mark.parametrize("issued_at", ["1000", True, -1, float("nan"), float("inf"), 10**400, 9_999_999_999, [1]])
async def test_a_time_of_issue_must_be_a_time_that_has_come(issued_at):
    """What is no number, or lies beyond any skew of clocks, could outlive a revocation: it is refused."""
    claims = {"userId": "u", "organizationId": "o", "role": "admin", "exp": time.time() + 60, "iat": issued_at}
    with pytest.raises(InvalidToken):
        await HmacTokens(SECRET).verify(jwt.encode(claims, SECRET, algorithm="HS256"))


@pytest.mark.parametrize(("issuer", "audience"), [("other", "a"), ("i", "other"), (None, None)])
async def test_issuer_and_audience_are_checked_when_configured(issuer, audience):
    """A token of another issuer, for another audience, or without either, is refused."""
    token = HmacTokens(SECRET, issuer=issuer, audience=audience).issue("u", "o", Role.ADMIN)
    with pytest.raises(InvalidToken):
        await HmacTokens(SECRET, issuer="i", audience="a").verify(token)


@pytest.mark.parametrize("user_id", [None, "", 7, "x" * 300, "\ud800"])
async def test_a_user_id_must_be_a_text(user_id):
    """Anything else is refused."""
    claims = {"userId": user_id, "organizationId": "o", "role": "admin", "exp": time.time() + 60}
    with pytest.raises(InvalidToken):
        await HmacTokens(SECRET).verify(jwt.encode(claims, SECRET, algorithm="HS256"))


async def test_tokens_of_an_identity_provider_verify_by_its_keys():
    """RS256 by the key that the JWKS URL serves; another key, HS256 or an unknown key are refused."""
    with IdentityProvider() as provider, IdentityProvider() as other:
        verifier = token_verifier(TokenSettings.from_mapping({"JWKS_URL": provider.url}))
        assert (await verifier.verify(provider.token())).organization_id == "o"
        for bad in (
            other.token(),
            jwt.encode({"exp": time.time() + 60}, SECRET, algorithm="HS256", headers={"kid": "k1"}),
            other.token("k2"),
            provider.token(kid=None),
            "no.token.at all",
        ):
            with pytest.raises(InvalidToken):
                await verifier.verify(bad)


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"[]", b'{"keys": []}', None], ids=repr)
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


async def test_a_withdrawn_key_is_refused_once_the_keys_were_read_again():
    """And while the provider is gone, after the keys' time, nobody can say."""
    with IdentityProvider() as provider:
        verifier = JwksTokens(provider.url)
        await verifier.verify(provider.token())
        provider.body = provider.keys("k2")
        await verifier.verify(provider.token())
        verifier._keys.get_jwk_set(refresh=True)
        with pytest.raises(InvalidToken):
            await verifier.verify(provider.token())
        verifier._keys.cooldown_duration = 0
        provider.body = b"busy"
        with pytest.raises(KeysUnavailable):
            await verifier.verify(provider.token())
    assert verifier._keys.jwk_set_cache is not None
    verifier._keys.jwk_set_cache.lifespan = 0
    with pytest.raises(KeysUnavailable):
        await verifier.verify(provider.token())


def test_tokens_cannot_be_issued_without_a_secret():
    """Where only a JWKS URL is configured, issuing says so."""
    with pytest.raises(SettingError, match="JWT_SECRET"):
        token_issuer(TokenSettings.from_mapping({"JWKS_URL": "https://example.com/keys"}))
