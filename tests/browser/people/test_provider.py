"""People and settings where an identity provider keeps the accounts."""

import time
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.person import Person
from tests.parts.browser.axe import assert_usable
from tests.parts.identity_provider import IdentityProvider
from tests.parts.installation import started_installation
from tests.parts.part import Part


def test_what_the_provider_keeps_is_said_to_be_there(page: None, chromium: Browser, redis_part: Part, tmp_path: Path):
    """Who is here is asked for all the same (this installation's gateway is elsewhere, so it is nobody), and what one
    prefers in this browser is one's own."""
    with (
        IdentityProvider() as provider,
        started_installation(
            redis_part.url, tmp_path, runners=(), JWKS_URL=provider.url, JWT_SECRET=""
        ) as installation,
        Person.opened(chromium, installation.api, "Ada") as ada,
    ):
        ada.page.goto("/people")
        ada.page.get_by_label("Token").fill(provider.token(iat=time.time(), exp=time.time() + 600))
        ada.page.get_by_role("button", name="Continue").click()
        expect(ada.page.get_by_text("people are added and removed there")).to_be_visible()
        expect(ada.page.get_by_text("0 people")).to_be_visible()
        expect(ada.page.get_by_role("button", name="Invite")).to_have_count(0)
        assert_usable(ada.page)
        ada.page.keyboard.press("g")
        ada.page.keyboard.press("s")
        expect(ada.page.get_by_text("An identity provider keeps your account")).to_be_visible()
        expect(ada.page.get_by_label("Theme")).to_be_visible()
        expect(ada.page.get_by_role("alert")).to_have_count(0)
        assert ada.raised == []
