"""An installation whose accounts an identity provider keeps."""

import re
import time
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.person import Person
from tests.parts.identity_provider import IdentityProvider
from tests.parts.installation import started_installation
from tests.parts.part import Part


def test_a_token_is_asked_for_kept_in_memory_and_asked_for_again(
    page: None, chromium: Browser, redis_part: Part, tmp_path: Path
):
    """It cannot be renewed here: a reload, and its end, ask for one."""
    with (
        IdentityProvider() as provider,
        started_installation(
            redis_part.url, tmp_path, runners=(), JWKS_URL=provider.url, JWT_SECRET=""
        ) as installation,
        Person.opened(chromium, installation.api, "Ada") as ada,
    ):
        token = provider.token(iat=time.time(), exp=time.time() + 600)
        ada.page.goto("/executions?q=x")
        ada.page.get_by_label("Token").fill("not.a.token")
        ada.page.get_by_role("button", name="Continue").click()
        expect(ada.page.get_by_role("alert")).to_contain_text("INVALID_TOKEN")
        ada.page.get_by_label("Token").fill(f"  {token}\n")
        ada.page.get_by_role("button", name="Continue").click()
        expect(ada.page).to_have_url(f"{installation.api}/executions?q=x")
        expect(ada.page.get_by_role("heading", name="Nothing matches")).to_be_visible()
        assert ada.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})").count(token) == 0
        ada.page.reload()
        expect(ada.page.get_by_label("Token")).to_be_visible()
        ada.page.get_by_label("Token").fill(token)
        ada.page.get_by_role("button", name="Continue").click()
        expect(ada.page).to_have_url(f"{installation.api}/executions?q=x")
        ada.page.route("**/api/executions?*", lambda route: route.continue_(headers={"authorization": "Bearer ended"}))
        ada.page.get_by_role("button", name="Clear the filters").click()
        ada.page.goto("/executions?q=y")
        expect(ada.page).to_have_url(re.compile(r"/login\?next="))
        expect(ada.page.get_by_label("Token")).to_be_visible()
        assert ada.raised == []
