"""Somebody at the page: a browser profile of their own, its tabs, and what the page raised in them."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

PASSWORD = "quiet meadow 29 lamps"
_OF_THE_NETWORK = re.compile(r"Failed to load resource|WebSocket connection to|ERR_INTERNET_DISCONNECTED")
"""What Chromium says of answers and connections that a test has fail."""


class Person:
    """`raised` are the errors of its pages, among them violations of the Content-Security-Policy."""

    def __init__(self, context: BrowserContext, url: str, name: str) -> None:
        self.context = context
        self.url = url
        self.name = name
        self.organization = f"{name} {secrets.token_hex(4)}"
        self.email = f"{name.lower()}-{secrets.token_hex(4)}@example.com"
        self.raised: list[str] = []
        self.page = self.tab()

    @classmethod
    @contextmanager
    def opened(cls, browser: Browser, url: str, name: str) -> Iterator[Self]:
        context = browser.new_context(base_url=url)
        context.set_default_timeout(10_000)
        try:
            yield cls(context, url, name)
        finally:
            context.close()

    def tab(self) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.raised.append(str(error)))
        page.on("console", self._heard)
        return page

    def sign_up(self) -> None:
        page = self.page
        page.goto("/signup")
        page.get_by_label("Organization").fill(self.organization)
        page.get_by_label("Your name").fill(self.name)
        page.get_by_label("E-mail").fill(self.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create").click()
        self.sees_link("Live")

    def log_in(self, password: str = PASSWORD, page: Page | None = None) -> None:
        page = page or self.page
        page.get_by_label("E-mail").fill(self.email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in", exact=True).click()

    def log_out(self) -> None:
        self.page.get_by_role("button", name=f"Account of {self.name}").click()
        self.page.get_by_role("menuitem", name="Log out").click()

    def sees_link(self, words: str, page: Page | None = None) -> None:
        expect((page or self.page).locator("[data-link]")).to_contain_text(words)

    def token(self) -> dict[str, str]:
        """Log in without the page; return the header of such a call."""
        answer = httpx.post(f"{self.url}/api/auth/login", json={"email": self.email, "password": PASSWORD})
        return {"Authorization": f"Bearer {answer.raise_for_status().json()['token']}"}

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Make a call in their name, without the page; return the answer's JSON, if it has any."""
        answer = httpx.request(method, f"{self.url}{path}", json=body, headers=self.token()).raise_for_status()
        return answer.json() if answer.content else None

    def run(self, command: str, image: str = "local") -> str:
        """Request an execution; return its id."""
        return self.request(command, image)

    def request(self, command: str, image: str = "local", **more: Any) -> str:
        """Request an execution with more than a command; return its id."""
        body = {"image": image, "command": command, **more}
        return str(self.call("POST", "/api/execution-request", body)["taskId"])

    def post(self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        """Make a call as somebody else, or as nobody."""
        httpx.post(f"{self.url}{path}", json=body, headers=headers).raise_for_status()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _OF_THE_NETWORK.search(message.text):
            self.raised.append(message.text)
