"""The account that `runcast up` prints."""

from pathlib import Path

from runcast_core.access.verifier import token_verifier
from runcast_core.serving.settings import TokenSettings
from runcast_core.store.open import open_store
from runcast_services.demo_account import ensure_demo_account

SETTINGS = {"JWT_SECRET": "a secret of thirty-two characters, for tests", "RUNCAST_DEMO_PASSWORD": "long enough"}


async def test_its_token_is_as_good_as_a_log_ins(tmp_path: Path):
    """It lives as long as the setting says: one that lives longer is refused."""
    settings = SETTINGS | {"JWT_EXPIRY": "10m", "JWT_ISSUER": "i"}
    async with open_store(f"sqlite://{tmp_path}/runcast.sqlite") as store:
        account = await ensure_demo_account(store, settings)
        assert account is not None
        again = await ensure_demo_account(store, settings)
        assert again is not None
        assert await ensure_demo_account(store, {"JWKS_URL": "https://id.example", **settings}) is None
    for token in (account.token, again.token):
        claims = await token_verifier(TokenSettings.from_mapping(settings)).verify(token)
        assert claims.organization_id == account.organization_id == again.organization_id
