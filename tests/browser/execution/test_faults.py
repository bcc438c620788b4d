"""What is running goes on being watched, whatever happens to the services: two gateways behind a balancer."""

import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis
from anyio.from_thread import BlockingPortal
from playwright.sync_api import Browser, expect

from tests.browser.execution.at_execution import AtExecution, Talk
from tests.browser.person import Person
from tests.parts.balancer import Balancer
from tests.parts.installation import Installation
from tests.parts.part import Part


class Watched:
    """An execution that writes, and its page, which has shown some of it."""

    def __init__(
        self, ada: Person, talk: Talk, installation: Installation, balancer: Balancer, portal: BlockingPortal
    ) -> None:
        self.ada, self.talk = ada, talk
        self.installation, self.balancer, self.portal = installation, balancer, portal
        ada.sign_up()
        self.at = AtExecution(ada, ada.run(talk.command)).open()
        self.at.sees("line 1 of it")
        talk.goes_on(self.at)

    def cut(self) -> None:
        """Break all connections; the next ones go to the other gateway."""
        self.portal.call(self.balancer.turn)
        self.portal.call(self.balancer.cut)

    def ends_complete(self) -> None:
        self.ada.sees_link("Live")
        self.talk.goes_on(self.at)
        self.talk.open()
        self.at.is_complete()
        self.at.sees("the end")
        self.ada.sees_link("Live")
        assert self.ada.raised == []


@pytest.fixture
def watched(
    chromium: Browser, two_gateways: tuple[Installation, Balancer, BlockingPortal], talk: Talk
) -> Iterator[Watched]:
    with Person.opened(chromium, two_gateways[0].api, "Ada") as ada:
        yield Watched(ada, talk, *two_gateways)


def test_a_gateway_is_killed(watched: Watched):
    watched.portal.call(watched.balancer.turn)
    gateway = watched.installation.services["gateway-1"].process
    gateway.kill()
    gateway.wait()
    watched.ends_complete()


def test_a_gateway_drains(watched: Watched):
    watched.portal.call(watched.balancer.turn)
    watched.installation.services["gateway-1"].process.terminate()
    expect(watched.ada.page.locator("[data-link='moving']")).to_be_visible()
    watched.ends_complete()


def test_redis_is_flushed(watched: Watched, redis_part: Part):
    flush(redis_part)
    watched.cut()
    watched.ends_complete()


def test_the_store_takes_nothing_for_a_while(watched: Watched, tmp_path: Path):
    """Nor does what is written meanwhile get lost."""
    with locked(tmp_path / "runcast.sqlite"):
        watched.cut()
        watched.ada.sees_link("Live")
    watched.ends_complete()


def test_the_api_hangs_while_there_may_be_something_to_read(watched: Watched):
    """The link says that it catches up until the answer is there: the network was away, as the browser says."""
    api = watched.installation.services["api"].process
    api.send_signal(signal.SIGSTOP)
    try:
        watched.ada.page.evaluate("dispatchEvent(new Event('online'))")
        expect(watched.ada.page.locator("[data-link='catching up']")).to_be_visible()
    finally:
        api.send_signal(signal.SIGCONT)
    watched.ends_complete()


def test_the_computer_is_offline(watched: Watched):
    """The text stays and the foot says so; nothing can be changed meanwhile, and that is said, too."""
    targets, watched.balancer.targets = watched.balancer.targets, []
    watched.ada.context.set_offline(True)
    watched.portal.call(watched.balancer.cut)
    watched.ada.sees_link("Offline since")
    expect(watched.at.foot).to_contain_text(re.compile(r"○ offline · [\d,]+ lines so far"))
    watched.at.sees("of it")
    cancel = watched.ada.page.get_by_role("button", name="Cancel")
    expect(cancel).to_have_attribute("title", "Offline: nothing can be changed now")
    watched.balancer.targets = targets
    watched.ada.context.set_offline(False)
    watched.ends_complete()


def flush(redis_part: Part) -> None:
    with closing(redis.Redis.from_url(redis_part.url)) as client:
        client.flushall()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep everybody else from writing to the store."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
