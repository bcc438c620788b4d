"""The tenancy matrix over HTTP: every call of the table, made by fourteen kinds of callers on what belongs to one
organization."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from runcast_api.documentation.calls import CALLS
from tests.parts.api import serving
from tests.parts.documented import check
from tests.parts.tenants import MARKER, OWN, OWN_USERS, Caller, World, belongings, make_world, shown
from tests.unit.api.tenancy.rows import ROWS, Row

MEMBERS = (*OWN_USERS, Caller.KEY, Caller.WORKER)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return asyncio.run(make_world(tmp_path_factory.mktemp("world")))


def test_every_call_has_a_row():
    """A new call without a row is found here, and a row whose call is gone."""
    assert sorted((call.method, call.path) for call in CALLS) == sorted((row.method, row.path) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_each_caller_is_answered_as_its_row_says(tmp_path: Path, world: World, row: Row):
    """As documented. Who may not is told so; and to nobody outside is anything shown, or anything changed, that is not
    theirs."""
    statuses = {}
    for caller in Caller:
        folder = world.copied(tmp_path / caller.name)
        before = belongings(folder)
        async with serving(folder) as api:
            api.bus.sent_signals.clear()  # an api that starts tells again who is out
            token = shown(caller)
            bearer = {} if token is None else {"Authorization": b"Bearer " + token.encode()}
            headers = {**row.headers, **bearer}
            answer = await api.http.request(row.method, row.url, headers=headers, json=row.body)
            check(answer, row.method, row.path)
            touched = {organization_id for organization_id, _ in api.bus.published}
            touched |= {signal.organization_id for signal in api.bus.sent_signals}
        statuses[caller] = answer.status_code
        if caller not in MEMBERS:
            assert MARKER not in _told(answer), caller
            assert f'"{OWN}' not in answer.text, caller
            assert OWN not in touched, caller
        if caller not in row.may or caller not in MEMBERS:
            assert belongings(folder) == before, caller
        if caller not in row.may and caller not in row.others:
            assert not touched, caller
    assert statuses == {caller: row.status(caller) for caller in Caller}


def _told(answer: httpx2.Response) -> str:
    return answer.text + str(answer.headers)
