"""Which tokens verify, and as whom."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import suppress

import jwt
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runcast_core.access.jwks import JwksTokens
from runcast_core.access.tokens import CLOCK_SKEW_S, MAX_TOKEN_LENGTH, Expected, HmacTokens, TokenVerifier, token_issuer
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import InvalidToken, KeysUnavailable, SettingError
from runcast_core.serving.settings import TokenSettings
from tests.parts.identity_provider import IdentityProvider

DAY_S = 86_400
NOW = int(time.time())
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


@pytest.mark.parametrize("expected", [NOW, NOW + 0.5, None], ids=["whole", "fractional", "absent"])
async def test_the_time_of_issue_may_be_whole_fractional_or_absent(expected):
    """A token that has none is older than any revocation."""
    issued_at = expected
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


@pytest.mark.parametrize(
    "ends", [None, "9999999999", "tomorrow", True, float("nan"), float("inf"), -1, 10**400, [1], {}]
)
async def test_the_end_must_be_a_time(ends):
    """PyJWT would take a text or a boolean, and cannot take what has no end."""
    claims = {"userId": "u", "organizationId": "o", "role": "admin", "exp": ends}
    with pytest.raises(InvalidToken):
        await HmacTokens(SECRET).verify(jwt.encode(claims, SECRET, algorithm="HS256"))


@pytest.mark.parametrize(
    ("begins", "lives", "good"),
    [
        (0, DAY_S, True),
        (0, DAY_S + CLOCK_SKEW_S, True),
        (0, DAY_S + CLOCK_SKEW_S + 5, False),
        (-DAY_S, 2 * DAY_S, False),
        (CLOCK_SKEW_S - 5, DAY_S, True),
        (None, DAY_S, True),
        (None, DAY_S + CLOCK_SKEW_S + 5, False),
        (None, 10**9, False),
    ],
)
async def test_a_token_lives_no_longer_than_revocations_are_remembered(begins, lives, good):
    """From when it was issued; from now, where it does not say. Of an identity provider's, too."""
    now = time.time()
    times = {"exp": now + (begins or 0) + lives} | ({} if begins is None else {"iat": now + begins})
    claims = {"userId": "u", "organizationId": "o", "role": "admin", **times}
    with IdentityProvider() as provider:
        own = HmacTokens(SECRET, lifetime_s=DAY_S), jwt.encode(claims, SECRET, algorithm="HS256")
        for verifier, token in (own, (JwksTokens(provider.url, Expected(DAY_S)), provider.token(**times))):
            if good:
                assert (await verifier.verify(token)).user_id == "u"
            else:
                with pytest.raises(InvalidToken):
                    await verifier.verify(token)


async def test_a_token_ends_where_the_setting_became_shorter():
    """What was issued for longer is refused at once: nobody would remember its revocation for so long."""
    token = HmacTokens(SECRET, lifetime_s=7200).issue("u", "o", Role.ADMIN)
    with pytest.raises(InvalidToken):
        await HmacTokens(SECRET, lifetime_s=3600).verify(token)


async def test_a_token_may_be_of_a_session():
    """Then it can be revoked by it, as well as by its user and its organization; it may live shorter than others, and
    no longer."""
    tokens = HmacTokens(SECRET, lifetime_s=3600)
    claims = await tokens.verify(tokens.issue("u", "o", Role.ADMIN, session_id="s_1-x", lifetime_s=900))
    assert (claims.session_id, claims.subjects) == ("s_1-x", ("u", "session:s_1-x", ""))
    assert 890 < claims.expires_at - time.time() <= 900
    assert (await tokens.verify(tokens.issue("u", "o", Role.ADMIN))).subjects == ("u", "")
    longer = await tokens.verify(tokens.issue("u", "o", Role.ADMIN, lifetime_s=7200))
    assert longer.expires_at - time.time() <= 3600


@pytest.mark.parametrize(
    "session_id", ["", "x" * 65, "a b", "a/b", "\u00fc", "\ud800", "s\n", 7, None, True, ["s"], {}]
)
async def test_a_session_must_be_a_short_name(session_id):
    """Anything else is refused. A provider's `sid` names a session of its own, which nobody here looks at."""
    claims = {"userId": "u", "organizationId": "o", "role": "admin", "exp": time.time() + 60, "sid": session_id}
    with pytest.raises(InvalidToken):
        await HmacTokens(SECRET).verify(jwt.encode(claims, SECRET, algorithm="HS256"))
    with IdentityProvider() as provider:
        verified = await JwksTokens(provider.url).verify(provider.token(sid=session_id))
    assert verified.session_id is None


@pytest.mark.parametrize(("issuer", "audience"), [("other", "a"), ("i", "other"), (None, None)])
async def test_issuer_and_audience_are_checked_when_configured(issuer, audience):
    """A token of another issuer, for another audience, or without either, is refused."""
    token = HmacTokens(SECRET, issuer=issuer, audience=audience).issue("u", "o", Role.ADMIN)
    with pytest.raises(InvalidToken):
        await HmacTokens(SECRET, issuer="i", audience="a").verify(token)


@pytest.mark.parametrize("user_id", [None, "", 7, "x" * 300, "\ud800", "session:s", "key:k", "session:"])
async def test_a_user_id_must_be_a_text(user_id):
    """Anything else is refused, and what names a session or a key: that is no user's."""
    claims = {"userId": user_id, "organizationId": "o", "role": "admin", "exp": time.time() + 60}
    with pytest.raises(InvalidToken):
        await HmacTokens(SECRET).verify(jwt.encode(claims, SECRET, algorithm="HS256"))


def test_tokens_cannot_be_issued_without_a_secret():
    """Where only a JWKS URL is configured, issuing says so."""
    with pytest.raises(SettingError, match="JWT_SECRET"):
        token_issuer(TokenSettings.from_mapping({"JWKS_URL": "https://example.com/keys"}))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signed(header: bytes, payload: bytes) -> str:
    """Return a token with a good signature, whatever it says."""
    text = f"{_base64(header)}.{_base64(payload)}"
    return f"{text}.{_base64(hmac.digest(SECRET.encode(), text.encode(), 'sha256'))}"


_PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20)
_JSON = st.recursive(_PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=5)
_NAMES = ("userId", "organizationId", "role", "exp", "iat", "nbf", "sid", "iss", "aud", "jti", "sub")
_CLAIMS = st.fixed_dictionaries({}, optional=dict.fromkeys(_NAMES, _JSON | st.sampled_from(["u", "admin", NOW + 60])))
_HEADERS = st.fixed_dictionaries(
    {"alg": st.sampled_from(["HS256", "RS256", "ES256", "none"]) | _JSON},
    optional={"kid": st.just("k1") | _JSON, "typ": _JSON, "crit": _JSON, "b64": _JSON, "zip": _JSON, "jwk": _JSON},
)


def _written(value: object) -> bytes:
    return json.dumps(value).encode()


_NESTED = st.integers(1, 3000).map(lambda depth: b"[" * depth)
_PARTS = st.builds(_written, _HEADERS | _JSON) | st.binary(max_size=50) | _NESTED
_SENT = (
    st.builds(_signed, st.builds(_written, _HEADERS), st.builds(_written, _CLAIMS))
    | st.builds(_signed, _PARTS, st.builds(_written, _CLAIMS) | _PARTS)
    | st.text(st.characters(), max_size=50)
    | st.builds("{}.{}".format, st.text(st.characters(), max_size=5), st.just("e30.e30"))
    | st.builds("{}.{}.{}".format, *[st.text("abcdefgh-_=", max_size=9)] * 3)
    | st.binary(max_size=20)
    | _JSON
)


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with IdentityProvider() as running:
        yield running


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sent=_SENT)
@example("\ud800")
@example("a.b.\ud800")
@example("x\x00.y.z")
@example("a" * (MAX_TOKEN_LENGTH + 1))
@example(_signed(b'{"alg":"HS256"}', b"[" * 3000))
@example(_signed(b'{"alg":"HS256"}', b'{"exp":Infinity,"nbf":Infinity}'))
@example(_signed(b'{"alg":"HS256","kid":7}', b"{}"))
@example(_signed(b'{"alg":"RS256","kid":"\\ud800"}', b"{}"))
@example(_signed(b'{"alg":"RS256","kid":["k1"]}', b"{}"))
def test_whatever_is_sent_as_a_token_is_good_or_refused(provider, sent):
    """No input makes a verifier raise anything else."""
    for verifier in (HmacTokens(SECRET), JwksTokens(provider.url)):
        with suppress(InvalidToken, KeysUnavailable):
            asyncio.run(_verified(verifier, sent))


async def _verified(verifier: TokenVerifier, sent: object) -> None:
    claims = await verifier.verify(sent)
    assert claims.user_id
    assert claims.expires_at > time.time() - 1
