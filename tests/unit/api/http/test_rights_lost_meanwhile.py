"""Callers who lose their rights between the head of a call and the rest of its body."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

import httpx2
import orjson
import pytest
from starlette.requests import Request

from runcast_api.accounts import authentication, own_password, users
from runcast_api.documentation.call import Access
from runcast_api.documentation.calls import CALLS
from runcast_api.executions import reporters
from runcast_api.http import bodies
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import CredentialKind
from tests.parts.api import Installation, serving
from tests.parts.tenants import OWN, Caller, World, belongings, credential_id, make_world, shown
from tests.unit.api.tenancy.rows import ROWS, Row

NEEDS_NOBODY = {Access.PUBLIC, Access.PAGE}
LOOKED_AT = {(call.method, call.path) for call in CALLS if call.body is not None and call.access not in NEEDS_NOBODY}
WITH_BODY = [row for row in ROWS if (row.method, row.path) in LOOKED_AT]
KEYS = {
    Caller.KEY: CredentialKind.API_KEY,
    Caller.WORKER: CredentialKind.WORKER_KEY,
}
HASHED = {("PUT", "/api/auth/password"): 1, ("POST", "/api/users"): 1}
"""How often who calls is looked at again before a password is written."""
Loss = Callable[[Installation], Awaitable[object]]


async def _removed(api: Installation, user_id: str) -> None:
    await api.store.remove_user(OWN, user_id)


async def _demoted(api: Installation, user_id: str) -> None:
    await api.store.set_role(OWN, user_id, Role.VIEWER, now_ms() + 5000)


async def _revoked(api: Installation, subject: str) -> None:
    await api.store.revoke_sessions(OWN, subject, now_ms() + 5000)


async def _key_removed(api: Installation, kind: CredentialKind) -> None:
    await api.store.remove_credential(OWN, credential_id(OWN, kind), [kind])


async def _organization_deleted(api: Installation) -> None:
    await api.store.delete_organization(OWN)


def _losses(caller: Caller) -> dict[str, Loss]:
    """Return each way in which the caller's rights end."""
    if caller in KEYS:
        return {"key revoked": partial(_key_removed, kind=KEYS[caller]), "deleted": _organization_deleted}
    user_id = f"{OWN}-{caller.name.lower()}"
    return {
        "removed": partial(_removed, user_id=user_id),
        "demoted": partial(_demoted, user_id=user_id),
        "revoked": partial(_revoked, subject=user_id),
        "deleted": _organization_deleted,
    }


CASES = [
    pytest.param(row, caller, loss, id=f"{row}, {caller.name}, {name}")
    for row in WITH_BODY
    for caller in row.may
    for name, loss in _losses(caller).items()
]


@dataclass
class Parted:
    """A body that comes in two parts, between which the caller's rights end."""

    api: Installation
    folder: Path
    row: Row
    loss: Loss

    async def send(self, caller: Caller) -> httpx2.Response:
        token = shown(caller)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return await self.api.http.request(self.row.method, self.row.url, headers=headers, content=self._parts())

    async def _parts(self) -> AsyncIterator[bytes]:
        body = orjson.dumps(self.row.body)
        yield body[:1]
        await self.loss(self.api)
        self.left = _kept(self.folder)
        self.api.bus.published.clear()
        yield body[1:]


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Return what grows with each look again."""
    looks: list[Request] = []
    for module in (authentication, reporters):
        real = module.authenticated_by

        def counted(request: Request, again: Callable[[], Awaitable[object]], real: Callable[..., None] = real) -> None:
            async def look() -> None:
                looks.append(request)
                await again()

            real(request, look)

        monkeypatch.setattr(module, "authenticated_by", counted)
    return looks


def _kept(folder: Path) -> dict[str, list[dict[str, object]]]:
    """Return what the organization has, but for revocations, of which somebody may be told at any time."""
    return {table: rows for table, rows in belongings(folder).items() if table != "revocations"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return asyncio.run(make_world(tmp_path_factory.mktemp("world")))


@pytest.mark.parametrize(("row", "caller", "loss"), CASES)
async def test_rights_that_end_while_a_body_comes_are_no_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World, row: Row, caller: Caller, loss: Loss
):
    """The call is refused as one that begins now would be, and nothing is changed or told."""
    monkeypatch.setattr(bodies, "PROMPT_S", 0)
    folder = world.copied(tmp_path / "copied")
    async with serving(folder) as api:
        call = Parted(api, folder, row, loss)
        answer = await call.send(caller)
        again = await api.http.request(
            row.method, row.url, headers={"Authorization": f"Bearer {shown(caller)}"}, json=row.body
        )
        assert (answer.status_code, answer.content) == (again.status_code, again.content)
        assert answer.status_code == (403 if caller is Caller.WORKER else 401)
        assert _kept(folder) == call.left
        assert api.bus.published == []


@pytest.mark.parametrize("row", WITH_BODY, ids=str)
async def test_a_caller_whose_body_came_at_once_is_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World, row: Row
):
    """The usual call pays nothing."""
    monkeypatch.setattr(bodies, "PROMPT_S", 60)
    folder = world.copied(tmp_path / "copied")
    async with serving(folder) as api:
        looks = _counted(monkeypatch)

        async def nothing(_: Installation) -> None:
            looks.clear()

        answer = await Parted(api, folder, row, nothing).send(row.may[0])
    assert answer.status_code == row.success
    assert len(looks) == HASHED.get((row.method, row.path), 0)


@pytest.mark.parametrize(("module", "path"), [(users, "/api/users"), (own_password, "/api/auth/password")])
async def test_rights_that_end_while_a_password_is_hashed_are_no_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World, module: ModuleType, path: str
):
    """However long others are hashed first."""
    [row] = [row for row in WITH_BODY if row.path == path]
    folder = world.copied(tmp_path / "copied")
    async with serving(folder) as api:
        real = module.hash_password

        async def hashed_later(password: str) -> str:
            await _revoked(api, f"{OWN}-admin")
            return str(await real(password))

        monkeypatch.setattr(module, "hash_password", hashed_later)
        before = _kept(folder)
        headers = {"Authorization": f"Bearer {shown(Caller.ADMIN)}"}
        answer = await api.http.request(row.method, row.url, headers=headers, json=row.body)
        assert (answer.status_code, answer.json()["code"]) == (401, "SESSION_REVOKED")
        assert _kept(folder) == before
