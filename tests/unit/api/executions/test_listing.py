"""What a list of executions tells, what it may be asked for, and how it goes on where one call has looked at enough."""

from typing import Any
from urllib.parse import quote

import orjson
import pytest

from runcast_api.executions import listing
from runcast_core.model.clock import iso, now_ms
from runcast_core.model.executions import Execution, Status
from runcast_core.store.listing import Position
from tests.parts.api import Installation, bearer, serving, signed_up, with_key

CONFIG = {"priority": 2, "pool": "gpu", "retryAttempts": 3, "secrets": {"KEY": "s3cret-1"}}
SHOWN = {"command": "curl -H *** x", "pool": "gpu", "priority": 2, "maxAttempts": 4, "requestedBy": {"userId": "u1"}}


async def _page(api: Installation, query: str = "") -> dict[str, Any]:
    answer = await api.call("GET", f"/api/executions?{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _ids(api: Installation, query: str) -> list[str]:
    return [execution["taskId"] for execution in (await _page(api, query))["executions"]]


async def test_lists_events_and_answers_tell_the_same(tmp_path):
    """Who asked, how the command begins, pool, priority and attempts; the place in the queue is no event's."""
    async with serving(tmp_path) as api:
        requested = await api.requested("t1", command=["curl", "-H", "s3cret-1", "x"], config=CONFIG)
        [listed] = (await _page(api))["executions"]
        detail = (await api.call("GET", "/api/executions/t1")).json()
        cancelled = (await api.call("POST", "/api/executions/t1/cancel")).json()
        events = [orjson.loads(event.payload) for _, event in api.bus.published]
        stored = str(await api.store.executions("org_a"))
    assert requested == events[0]
    assert listed == requested | {"queuePosition": 1}
    assert len(events) == 2
    for told in (requested, detail, cancelled, *events):
        assert SHOWN.items() <= told.items()
    assert "s3cret" not in f"{listed}{events}{stored}"


async def test_who_asked_has_the_name_of_then(tmp_path):
    """A user's, and a key's; it stays when the key is gone or somebody else runs it again."""
    async with serving(tmp_path) as api:
        user = await signed_up(api)
        body = {"image": "busybox", "taskId": "mine"}
        mine = (await api.http.post("/api/execution-request", json=body)).json()
        assert mine["requestedBy"] == {"userId": user["id"], "name": "A"}
        org = user["organizationId"]
        key, secret = await with_key(api.store, org=org, name="CI of main")
        again = (
            await api.http.post("/api/executions/mine/rerun", headers={"Authorization": f"Bearer {secret}"})
        ).json()
        by_key = {"userId": f"key:{key.credential_id}", "name": "CI of main"}
        assert again["requestedBy"] == by_key
        await api.store.remove_credential(org, key.credential_id, [key.kind])
        listed = (await api.http.get("/api/executions")).json()["executions"]
        assert [execution["requestedBy"] for execution in listed] == [by_key, mine["requestedBy"]]
        asked = (await api.http.get(f"/api/executions?requestedBy=key:{key.credential_id}")).json()["executions"]
        assert [execution["taskId"] for execution in asked] == [again["taskId"]]


async def test_what_a_worker_reported_was_asked_for_by_nobody(tmp_path):
    """It has no command and no place in the queue either, and counts as live."""
    async with serving(tmp_path) as api:
        await api.store.record_external("org_a", "t1", Status.PENDING)
        page = await _page(api)
    [shown] = page["executions"]
    assert not {"requestedBy", "command", "queuePosition", "image"} & shown.keys()
    assert (shown["pool"], shown["priority"], shown["maxAttempts"]) == ("default", 0, 1)
    assert page["live"] == {"PENDING": 1, "RUNNING": 0, "ANALYZING": 0}


async def test_live_counts_are_of_everything_whatever_the_page_shows(tmp_path):
    """The organization's own, of each live status, also where none has it."""
    async with serving(tmp_path) as api:
        assert (await _page(api))["live"] == {"PENDING": 0, "RUNNING": 0, "ANALYZING": 0}
        for task_id in ("t1", "t2", "t3"):
            await api.requested(task_id)
        await api.requested("t4", org="org_b")
        await api.store.claim("org_a", runner_id="r", lease_ms=60_000, limit=1)
        await api.store.record_external("org_a", "t5", Status.ANALYZING)
        await api.call("POST", "/api/executions/t3/cancel")
        for query in ("", "image=none", "limit=1", "status=CANCELLED"):
            assert (await _page(api, query))["live"] == {"PENDING": 1, "RUNNING": 1, "ANALYZING": 1}


async def test_lists_are_filtered_by_all_that_is_given(tmp_path):
    """Statuses, image and its beginning, user, pool, times, and a part of the id or the image as plain text."""
    async with serving(tmp_path) as api:
        created = now_ms() - 10_000
        for number, image in enumerate(["alpine", "acme/app_1", "acme/app:2", "Alpine%"]):
            at, pool = created + number, ("default", "gpu")[number % 2]
            one = Execution("org_a", f"Job-{number}", image, at, at, requested_by=f"u{number}", pool=pool)
            await api.store.create_execution(one)
        await api.call("POST", "/api/executions/Job-0/cancel")
        await api.store.record_external("org_a", "z", Status.RUNNING)
        second = iso(created + 1)
        expected = {
            "status=CANCELLED&status=RUNNING": {"z", "Job-0"},
            "status=CANCELLED,RUNNING": {"z", "Job-0"},
            "status=PENDING,CANCELLED&status=RUNNING&status=PENDING&image=alpine": {"Job-0"},
            "image=acme/app*": {"Job-1", "Job-2"},
            "image=acme/app": set(),
            "image=*": {"Job-0", "Job-1", "Job-2", "Job-3"},
            "requestedBy=u2": {"Job-2"},
            "pool=gpu": {"Job-1", "Job-3"},
            f"since={second}&until={created + 3}": {"Job-1", "Job-2"},
            f"since={second}&pool=default": {"z", "Job-2"},
            f"until={quote(second.replace('Z', '+00:00'))}": {"Job-0"},
            "until=2001-01-01": set(),
            "q=ALPINE": {"Job-0", "Job-3"},
            "q=job-": {"Job-0", "Job-1", "Job-2", "Job-3"},
            "q=p_1": {"Job-1"},
            "q=%25": {"Job-3"},
            "q=.": set(),
            "q=app&pool=gpu": {"Job-1"},
        }
        for query, ids in expected.items():
            found = await _ids(api, query)
            assert set(found) == ids, query
            assert len(found) == len(ids)


async def test_a_page_ends_where_the_call_has_looked_at_enough(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """It may be empty, and its cursor goes on from there, with the same filters, to the last one."""
    async with serving(tmp_path) as api:
        for number in range(10):
            await api.store.create_execution(Execution("org_a", f"t{number}", "a" if number in {1, 2} else "b", 1, 1))
        horizon, looks = api.store.horizon, []

        async def near(*place: Any, **more: Any) -> Position | None:
            looks.append(more["after"])
            return await horizon(*place, **more, looked_at=3)

        monkeypatch.setattr(api.store, "horizon", near)
        pages, cursor = [], ""
        while cursor is not None:
            page = await _page(api, f"image=a&limit=1{cursor and '&cursor='}{cursor}")
            pages.append([execution["taskId"] for execution in page["executions"]])
            cursor = page["nextCursor"]
        assert pages == [[], [], ["t2"], ["t1"]]
    assert looks == [None, Position(1, "t7"), Position(1, "t4"), Position(1, "t2")]


async def test_places_of_a_page_are_looked_up_at_once(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """One look for up to 200 that wait, and none where nothing does."""
    async with serving(tmp_path) as api:
        for number in range(listing.MAX_PAGE + 1):
            await api.store.create_execution(Execution("org_a", f"t{number:03}", "b", number, number))
        positions, asked = api.store.queue_positions, []

        async def counted(organization_id: str, task_ids: list[str]) -> dict[str, int]:
            asked.append(len(task_ids))
            return await positions(organization_id, task_ids)

        monkeypatch.setattr(api.store, "queue_positions", counted)
        page = await _page(api, f"limit={listing.MAX_PAGE}")
        assert [execution["queuePosition"] for execution in page["executions"]] == list(range(201, 1, -1))
        await _page(api, "status=RUNNING")
    assert asked == [listing.MAX_PAGE]


@pytest.mark.parametrize(
    "query",
    [
        *("status=PENDING,", "status=PENDING&status=done", "status=,", "status=PENDING, RUNNING"),
        *("image=", "image=a*b", "image=*a", "image=**", f"image={'a' * 4097}", "image=a%00"),
        *("requestedBy=", f"requestedBy={'u' * 1025}", "pool=", "pool=a/b", f"pool={'p' * 65}", "pool=a%0A"),
        *("q=", f"q={'q' * 257}", "q=%00", "since=", "since=yesterday", "since=-1", "since=1.5", "since=%C2%B2"),
        *("since=2026-01-31T12:00:00", "since=2026-01-31T12:00:00+02:00", "since=2026-02-30", "since=9999999999999999"),
        *("until=0001-01-01T00:00:00%2B14:00", "until=9999-12-31T23:59:59-14:00", "since=2&until=2", "since=3&until=2"),
    ],
)
async def test_a_filter_that_cannot_be_is_refused(tmp_path, query: str):
    """It says which one, and what to do."""
    async with serving(tmp_path) as api:
        answer = await api.http.get(f"/api/executions?{query}", headers=bearer())
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_QUERY")
    assert answer.json()["error"].startswith(query.split("=")[0])
