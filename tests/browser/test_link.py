"""The link over two gateways behind a balancer, and what it says of what happens to them."""

from anyio.from_thread import BlockingPortal
from playwright.sync_api import Browser, Page, expect

from tests.browser.person import Person
from tests.parts.balancer import Balancer
from tests.parts.installation import Installation


def history(page: Page) -> str:
    """Open the popover, read it, close it."""
    page.locator(".link-badge").click()
    said = page.get_by_role("list", name="The last changes of the link").inner_text()
    page.keyboard.press("Escape")
    return said


def test_it_moves_goes_offline_and_comes_back_by_itself(
    chromium: Browser, two_gateways: tuple[Installation, Balancer, BlockingPortal]
):
    """What happened meanwhile is there, without a reload, and the history says what it cost."""
    installation, balancer, portal = two_gateways
    with Person.opened(chromium, installation.api, "Ada") as ada:
        ada.sign_up()
        portal.call(balancer.turn)
        installation.services["gateway-1"].process.kill()
        installation.services["gateway-1"].process.wait()
        first = ada.run("true")
        expect(ada.page.locator(f"[data-task='{first}']")).to_contain_text("Passed")
        ada.sees_link("Live")
        assert "back after" in history(ada.page)
        assert "nothing missed" in history(ada.page)
        balancer.targets = []
        portal.call(balancer.cut)
        ada.sees_link("Offline since")
        second = ada.run("true")
        balancer.targets = [installation.gateways[1]]
        ada.page.get_by_role("button", name="Try now").click()
        ada.sees_link("Live")
        expect(ada.page.locator(f"[data-task='{second}']")).to_contain_text("Passed")
        assert ada.raised == []


def test_a_gateway_that_drains_is_left_for_another(
    chromium: Browser, two_gateways: tuple[Installation, Balancer, BlockingPortal]
):
    installation, balancer, portal = two_gateways
    with Person.opened(chromium, installation.api, "Ada") as ada:
        ada.sign_up()
        portal.call(balancer.turn)
        installation.services["gateway-1"].process.terminate()
        expect(ada.page.locator("[data-link='moving']")).to_be_visible()
        ada.sees_link("Live")
        assert "gateway left, back after" in history(ada.page)
        assert ada.raised == []
