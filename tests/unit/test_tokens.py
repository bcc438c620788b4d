"""Which tokens verify, and as whom."""

import http.server
import json
import threading
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from runcast_core.accounts import Role
from runcast_core.errors import InvalidToken, SettingError
from runcast_core.settings import TokenSettings
from runcast_core.tokens import HmacTokens, JwksTokens, token_issuer, token_verifier

SECRET = "a secret of thirty-two characters, for tests"


async def test_an_issued_token_verifies_as_who_it_was_issued_for():
    """Claims come back; the lifetime is the setting's."""
    tokens = HmacTokens(SECRET, lifetime_s=60, issuer="i", audience="a")
    claims = await tokens.verify(tokens.issue("u", "o", Role.VIEWER))
    assert (claims.user_id, claims.organization_id, claims.role) == ("u", "o", Role.VIEWER)
    assert 0 < claims.expires_at - time.time() <= 60


@pytest.mark.parametrize(("issuer", "audience"), [("other", "a"), ("i", "other"), (None, None)])
async def test_issuer_and_audience_are_checked_when_configured(issuer, audience):
    """A token of another issuer, for another audience, or without either, is refused."""
    token = HmacTokens(SECRET, issuer=issuer, audience=audience).issue("u", "o", Role.ADMIN)
    with pytest.raises(InvalidToken):
        await HmacTokens(SECRET, issuer="i", audience="a").verify(token)


@pytest.mark.parametrize("user_id", [None, "", 7, "x" * 300])
async def test_a_user_id_must_be_a_text(user_id):
    """Anything else is refused."""
    claims = {"userId": user_id, "organizationId": "o", "role": "admin", "exp": time.time() + 60}
    with pytest.raises(InvalidToken):
        await HmacTokens(SECRET).verify(jwt.encode(claims, SECRET, algorithm="HS256"))


async def test_tokens_of_an_identity_provider_verify_by_its_keys():
    """RS256 by the key that the JWKS URL serves; another key, HS256 or a dead URL are refused."""
    key, other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": "k1", "alg": "RS256"}
    claims = {"userId": "u", "organizationId": "o", "role": "developer", "exp": time.time() + 60}
    with _serving(json.dumps({"keys": [jwk]}).encode()) as url:
        verifier = token_verifier(TokenSettings.from_mapping({"JWKS_URL": url}))
        good = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k1"})
        assert (await verifier.verify(good)).organization_id == "o"
        for bad in (
            jwt.encode(claims, other, algorithm="RS256", headers={"kid": "k1"}),
            jwt.encode(claims, SECRET, algorithm="HS256", headers={"kid": "k1"}),
        ):
            with pytest.raises(InvalidToken):
                await verifier.verify(bad)
    with pytest.raises(InvalidToken):
        await JwksTokens("http://127.0.0.1:1/").verify(good)


def test_tokens_cannot_be_issued_without_a_secret():
    """Where only a JWKS URL is configured, issuing says so."""
    with pytest.raises(SettingError, match="JWT_SECRET"):
        token_issuer(TokenSettings.from_mapping({"JWKS_URL": "https://example.com/keys"}))


class _serving:  # noqa: N801 - a context manager
    def __init__(self, body: bytes) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
