"""How often old cookies are looked for: guesses keep no core busy, and an old one that comes first ends its family."""

import threading

import anyio
import pytest

from runcast_api.accounts.pages import walks
from runcast_api.accounts.pages.chain import Chain
from runcast_api.accounts.pages.walks import TooManyTries, Walks
from tests.parts.api import LOGIN, USER, Installation, serving, signed_up
from tests.parts.page import Page

GUESS = "x" * 43


class CountingChain(Chain):
    """Counts its walks, and how many there are at once. Each waits until `go`."""

    def __init__(self) -> None:
        super().__init__("0" * 32)
        self.begun = self.at_once = self.most = 0
        self.go = threading.Event()

    def leads_to(self, session_id, secret, hashes) -> bool:
        self.begun += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.go.wait(10)
        self.at_once -= 1
        return False


async def opened(api: Installation) -> Page:
    await signed_up(api)
    await api.http.post("/api/users", json=USER)
    page = Page(api.http)
    assert (await page.log_in(**LOGIN)).status_code == 200
    return page


async def test_a_second_guess_is_postponed_and_its_cookie_stays(tmp_path, monkeypatch):
    """At a refresh as well as at a log-out, for ten seconds; the session's own page goes on, and ends itself."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        assert (await Page(api.http, f"{page.session_id}.{GUESS}").refresh()).status_code == 401
        stranger = Page(api.http, f"{page.session_id}.{GUESS}")
        for call in (stranger.refresh, stranger.log_out):
            answer = await call()
            assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_TRIES")
            assert answer.headers["retry-after"] == "10"
            assert "set-cookie" not in answer.headers
        assert (await page.refresh()).status_code == 200
        monkeypatch.setattr(walks, "EVERY_S", 0)
        assert (await stranger.refresh()).status_code == 401
        assert (await page.log_out()).status_code == 204


@pytest.mark.parametrize("guessed", [False, True])
async def test_an_old_cookie_that_comes_first_ends_its_family(tmp_path, monkeypatch, guessed):
    """And one that a guess came before does as soon as it may."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        thief = page.again()
        for _ in range(3):
            await thief.refresh()
        if guessed:
            await Page(api.http, f"{page.session_id}.{GUESS}").log_out()
            assert (await page.refresh()).status_code == 429
            monkeypatch.setattr(walks, "EVERY_S", 0)
        assert (await page.refresh()).status_code == 401
        assert (await thief.refresh()).status_code == 401


async def test_walks_are_one_at_a_time_and_one_of_each_session():
    """However many ask at once."""
    chain, looking, refused = CountingChain(), Walks(), 0

    async def look(session_id: str) -> None:
        nonlocal refused
        try:
            await looking.leads_to(chain, session_id, GUESS, ())
        except TooManyTries:
            refused += 1

    async with anyio.create_task_group() as tasks:
        for number in range(30):
            tasks.start_soon(look, f"s{number % 5}")
        await anyio.wait_all_tasks_blocked()
        chain.go.set()
    assert (chain.begun, chain.most, refused) == (5, 1, 25)


async def test_what_is_kept_of_walks_is_bounded(monkeypatch):
    """Beyond that any other session waits as well, until the first is forgotten."""
    chain, looking = CountingChain(), Walks()
    chain.go.set()
    monkeypatch.setattr(walks, "MAX_RECENT", 3)
    for number in range(3):
        await looking.leads_to(chain, f"s{number}", GUESS, ())
    with pytest.raises(TooManyTries):
        await looking.leads_to(chain, "s3", GUESS, ())
    monkeypatch.setattr(walks, "EVERY_S", 0)
    await looking.leads_to(chain, "s3", GUESS, ())
    assert len(looking._recent) == 1
