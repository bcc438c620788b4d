"""A page's session beside its socket, with the official JavaScript client: kept over refreshes, closed at its end."""

from collections.abc import AsyncIterator

import anyio
import httpx
import pytest

from runcast_core.model.identifiers import new_id
from tests.e2e.crowd import Client, official
from tests.parts.account import Account
from tests.parts.installation import Installation
from tests.parts.page import ON_LOOPBACK, Page

SENT_AWAY = [("auth-error", [{"error": "Invalid or expired token"}]), ("disconnect", ["io server disconnect"])]
PASSWORD = "a long password"

pytestmark = pytest.mark.usefixtures("javascript_client")


@pytest.fixture
async def http(strict: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=strict.api, timeout=20) as client:
        yield client


async def opened(http: httpx.AsyncClient) -> tuple[Account, Account, Page]:
    """Return an admin, a member, and a page of the member's."""
    email = f"{new_id()}@example.com"
    admin, member = Account(http, f"{new_id()}@example.com"), Account(http, email)
    await admin.sign_up()
    await admin.with_member(member)
    page = Page(http, name=ON_LOOPBACK)
    assert (await page.log_in(email=email, password=PASSWORD)).status_code == 200
    return admin, member, page


async def sent_away(*clients: Client) -> None:
    """Wait for the end, within two seconds; it is told, and final."""
    with anyio.fail_after(2):
        for client in clients:
            await client.until(lambda c: c.of("disconnect"))
    assert [client.happened[-2:] for client in clients] == [SENT_AWAY] * len(clients)


async def test_a_socket_stays_while_its_page_refreshes(strict: Installation, http: httpx.AsyncClient):
    """Each new token is handed to it without a reconnect; it ends with the session, and other ways in stay."""
    _, member, page = await opened(http)
    one, two = strict.gateways
    async with (
        official(one, page.token) as first,
        official(two, page.token) as second,
        official(one, member.token) as own,
    ):
        for _ in range(3):
            answer = await page.refresh()
            for client in (first, second):
                assert await client.ask("refresh-token", {"token": page.token}) == {
                    "expiresAt": answer.json()["expiresAt"]
                }
        assert [len(client.of("connect")) for client in (first, second)] == [1, 1]
        assert (await page.log_out()).status_code == 204
        await sent_away(first, second)
        assert own.of("disconnect", "auth-error") == []
        async with official(two, member.token):
            pass


async def test_a_socket_of_the_old_role_is_closed_at_once(strict: Installation, http: httpx.AsyncClient):
    """The page refreshes, and comes back with the new one."""
    admin, member, page = await opened(http)
    async with official(strict.gateways[0], page.token) as client, official(strict.gateways[1], member.token) as other:
        changed = await http.patch(f"/api/users/{member.user_id}", json={"role": "viewer"}, headers=admin.headers)
        assert changed.status_code == 200
        await sent_away(client, other)
        assert (await page.refresh()).json()["user"]["role"] == "viewer"
        for url in strict.gateways:
            async with official(url, page.token) as back:
                assert back.of("auth-success")[0]["role"] == "viewer"


async def test_a_stolen_cookie_closes_the_sockets_of_both(strict: Installation, http: httpx.AsyncClient):
    """As soon as the older one is used."""
    _, _, page = await opened(http)
    thief = page.again()
    await thief.refresh()
    await thief.refresh()
    async with official(strict.gateways[0], page.token) as mine, official(strict.gateways[1], thief.token) as theirs:
        assert (await page.refresh()).status_code == 401
        await sent_away(mine, theirs)


async def test_a_changed_password_closes_every_socket_and_the_caller_goes_on(
    strict: Installation, http: httpx.AsyncClient
):
    """With the token of the answer, in the same session."""
    _, member, page = await opened(http)
    async with official(strict.gateways[0], page.token) as mine, official(strict.gateways[1], member.token) as other:
        body = {"oldPassword": PASSWORD, "newPassword": "a quiet password"}
        answer = await http.put("/api/auth/password", json=body, headers=page.bearer)
        assert answer.status_code == 200
        await sent_away(mine, other)
        async with official(strict.gateways[1], answer.json()["token"]):
            assert (await page.refresh()).status_code == 200
