"""What an installation tells anybody of itself."""

from importlib.metadata import version

from tests.parts.api import SECRET, SECRETS_KEY, serving
from tests.parts.identity_provider import IdentityProvider


async def test_a_page_learns_how_one_comes_in_and_what_the_limits_are(tmp_path):
    """Without a token, and nothing that is secret."""
    limited = {"RUNCAST_MAX_BODY_BYTES": "2048", "RUNCAST_ORGANIZATION_LIMIT": "7", "RUNCAST_RETENTION_DAYS": "30"}
    async with serving(tmp_path, RUNCAST_CALLBACK_TOKEN="token of the workers", **limited) as api:
        answer = await api.http.get("/api/config")
    assert answer.status_code == 200
    assert answer.json() == {
        "version": version("runcast"),
        "signup": True,
        "accounts": "here",
        "limits": {
            "maxBodyBytes": 2048,
            "maxExecutionsPerPage": 200,
            "maxLogChunksPerPage": 1000,
            "maxUsers": 1000,
            "passwordMinLength": 10,
            "passwordMaxLength": 1024,
            "concurrency": 7,
            "retentionDays": 30,
        },
    }
    for secret in (SECRET, SECRETS_KEY, "token of the workers", str(tmp_path)):
        assert secret not in answer.text


async def test_nobody_signs_up_where_that_is_off_or_a_provider_keeps_the_accounts(tmp_path):
    """And the page can tell both."""
    async with serving(tmp_path, RUNCAST_PUBLIC_SIGNUP="false") as api:
        shown = (await api.http.get("/api/config")).json()
        assert (shown["signup"], shown["accounts"]) == (False, "here")
    with IdentityProvider() as provider:
        async with serving(tmp_path, JWKS_URL=provider.url) as api:
            shown = (await api.http.get("/api/config")).json()
            assert (shown["signup"], shown["accounts"]) == (False, "provider")
