"""Members and sessions of pages over each store: what the calls take for granted holds on both."""

from collections.abc import AsyncIterator

import anyio
import httpx2
import pytest

from runcast_api.app import create_app
from runcast_api.settings import ApiSettings
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.store.open import open_store
from tests.parts.api import ACCOUNT, LOGIN, SECRET, USER
from tests.parts.page import Page
from tests.parts.stores import store_url  # noqa: F401 - a fixture

MEMBER = {"email": "c@example.com", "name": "C", "password": "a quiet password"}


@pytest.fixture
async def http(store_url: str) -> AsyncIterator[httpx2.AsyncClient]:  # noqa: F811
    settings = ApiSettings.from_mapping({"JWT_SECRET": SECRET})
    async with open_store(store_url) as store:
        app = create_app(settings, store=store, bus=MemoryBus())
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://api")
        async with app.router.lifespan_context(app), client as http:
            yield http


async def test_somebody_joins_by_an_invitation_and_stays_on_a_page(http: httpx2.AsyncClient):
    """With several tabs, another role, another password, and out in the end."""
    admin = (await http.post("/api/auth/signup", json=ACCOUNT)).json()
    http.headers["Authorization"] = f"Bearer {admin['token']}"
    invitation = (await http.post("/api/invitations", json={"role": "developer"})).json()
    statuses: list[int] = []

    async def accept(number: int) -> None:
        body = MEMBER | {"token": invitation["token"], "email": f"c{number}@example.com"}
        statuses.append((await http.post("/api/invitations/accept", json=body)).status_code)

    async with anyio.create_task_group() as tasks:
        for number in range(4):
            tasks.start_soon(accept, number)
    assert sorted(statuses) == [201, 404, 404, 404]
    member = (await http.get("/api/users")).json()["users"][1]
    page = Page(http)
    await page.log_in(email=member["email"], password=MEMBER["password"])
    tabs = [page.again() for _ in range(4)]
    async with anyio.create_task_group() as tasks:
        for tab in tabs:
            tasks.start_soon(tab.refresh)
    assert len({tab.cookie for tab in tabs}) == 1
    assert (await http.patch(f"/api/users/{member['id']}", json={"role": "viewer"})).status_code == 200
    assert await tabs[0].me() == 401
    assert (await tabs[0].refresh()).json()["user"]["role"] == "viewer"
    change = {"oldPassword": MEMBER["password"], "newPassword": "a loud password"}
    assert (await http.put("/api/auth/password", json=change, headers=tabs[0].bearer)).status_code == 200
    assert (await tabs[0].refresh()).status_code == 200
    assert (await http.delete(f"/api/users/{member['id']}")).status_code == 204
    assert (await tabs[0].me(), (await tabs[0].refresh()).status_code) == (401, 401)


async def test_a_reset_link_is_used_once(http: httpx2.AsyncClient):
    """Of several at once one sets the password."""
    admin = (await http.post("/api/auth/signup", json=ACCOUNT)).json()
    http.headers["Authorization"] = f"Bearer {admin['token']}"
    member = (await http.post("/api/users", json=USER)).json()
    token = (await http.post("/api/auth/login", json=LOGIN)).json()["token"]
    path = f"/api/users/{member['id']}/password-reset"
    old, new = [(await http.post(path)).json()["token"] for _ in range(2)]
    statuses: list[int] = []

    async def use(token: str) -> None:
        body = {"token": token, "password": "a quiet password"}
        statuses.append((await http.post("/api/auth/password-reset", json=body)).status_code)

    async with anyio.create_task_group() as tasks:
        for token in (old, new, new, new):
            tasks.start_soon(use, token)
    assert sorted(statuses) == [204, 404, 404, 404]
    assert (await http.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})).status_code == 401
    assert (await http.post("/api/auth/login", json=LOGIN | {"password": "a quiet password"})).status_code == 200
