"""`GET /api/images` and `GET /api/images/history`: how executions ended."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from runcast_api.executions import output_shares
from runcast_api.statistics import images
from runcast_core.model.executions import Execution, Status
from tests.parts.api import Installation, serving

DAY = 86_400_000
NOON = 20_000 * DAY + DAY // 2
"""2024-10-04."""
PERIOD = {"since": str(NOON - 3 * DAY), "until": str(NOON + DAY)}


@pytest.fixture
async def api(tmp_path) -> AsyncIterator[Installation]:
    async with serving(tmp_path) as installation:
        yield installation


async def _end(
    api: Installation,
    task_id: str,
    ended_at: int = NOON,
    duration: int | None = 1000,
    status: Status = Status.PASSED,
    image: str | None = "busybox",
    org: str = "org_a",
) -> None:
    started_at = None if duration is None else ended_at - duration
    times = {"started_at": started_at, "ended_at": ended_at}
    await api.store.create_execution(Execution(org, task_id, image, ended_at, ended_at, status=status, **times))


async def _get(api: Installation, path: str, **query: Any) -> dict[str, Any]:
    answer = await api.call("GET", path, params={**PERIOD, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_image_tells_how_its_executions_ended(api: Installation):
    """The last end first; what was cancelled is not judged, and what never started took no time."""
    for number, status in enumerate([*[Status.PASSED] * 3, Status.FAILED, Status.TIMED_OUT]):
        await _end(api, f"t{number}", NOON - number, 100 * (number + 1), status)
    await _end(api, "cancelled", NOON - 9, None, Status.CANCELLED)
    await _end(api, "other", NOON + 1, 7, Status.ERROR, "Python:3.12")
    await _end(api, "without an image".replace(" ", "-"), image=None)
    told = await _get(api, "/api/images")
    assert [image["image"] for image in told["images"]] == ["Python:3.12", "busybox"]
    busybox = told["images"][1]
    assert [(end["taskId"], end["status"]) for end in busybox.pop("last")] == [
        *[("t0", "PASSED"), ("t1", "PASSED"), ("t2", "PASSED"), ("t3", "FAILED"), ("t4", "TIMED_OUT")],
        ("cancelled", "CANCELLED"),
    ]
    counts = {"PASSED": 3, "FAILED": 1, "UNSTABLE": 0, "ERROR": 0, "TIMED_OUT": 1, "CANCELLED": 1}
    assert busybox == {
        "image": "busybox",
        "executions": 6,
        "counts": counts,
        "passRate": 0.6,
        "p50Ms": 300,
        "p95Ms": 500,
        "lastEndedAt": "2024-10-04T12:00:00.000Z",
    }
    assert (told["from"], told["until"]) == ("2024-10-01T12:00:00.000Z", "2024-10-05T12:00:00.000Z")
    assert (told["complete"], told["completeFrom"], told["more"]) == (True, told["from"], False)


async def test_what_has_no_rate_and_no_duration_tells_none(api: Installation):
    """Where all were cancelled before they began."""
    await _end(api, "t", duration=None, status=Status.CANCELLED)
    [image] = (await _get(api, "/api/images"))["images"]
    assert not {"passRate", "p50Ms", "p95Ms"} & set(image)
    history = await _get(api, "/api/images/history", image="busybox")
    assert (history["points"], history["totals"]["executions"]) == ([], 1)


async def test_the_list_of_images_is_bounded(api: Installation, monkeypatch: pytest.MonkeyPatch):
    """The last ones of each, and the images that ended last."""
    monkeypatch.setattr(images, "MAX_IMAGES", 2)
    monkeypatch.setattr(images, "MAX_LAST", 3)
    for number in range(12):
        await _end(api, f"t{number}", NOON - number, image=f"image-{number % 3}")
    told = await _get(api, "/api/images")
    assert ([image["image"] for image in told["images"]], told["more"]) == (["image-0", "image-1"], True)
    assert [end["taskId"] for end in told["images"][0]["last"]] == ["t0", "t3", "t6"]
    assert told["images"][0]["executions"] == 4


async def test_the_history_of_an_image_day_by_day(api: Installation):
    """All days of the period, also those without an end; then each execution; then the period before."""
    await _end(api, "t1", NOON - DAY, 500)
    await _end(api, "t2", NOON - DAY, 700, Status.FAILED)
    await _end(api, "t3", NOON + 1, None, Status.CANCELLED)
    await _end(api, "t4", NOON + 2, 400, Status.UNSTABLE)
    await _end(api, "before", NOON - 4 * DAY, 90)
    await _end(api, "other", image="busybox:1")
    told = await _get(api, "/api/images/history", image="busybox")
    assert [(day["day"], day["executions"], day.get("p50Ms")) for day in told["days"]] == [
        ("2024-10-01", 0, None),
        ("2024-10-02", 0, None),
        ("2024-10-03", 2, 500),
        ("2024-10-04", 2, 400),
        ("2024-10-05", 0, None),
    ]
    assert (told["days"][2]["counts"]["FAILED"], told["days"][2]["passRate"], told["days"][2]["p95Ms"]) == (1, 0.5, 700)
    assert [(point["taskId"], point["durationMs"], point["status"]) for point in told["points"]] == [
        ("t4", 400, "UNSTABLE"),
        ("t2", 700, "FAILED"),
        ("t1", 500, "PASSED"),
    ]
    assert told["points"][2]["startedAt"] == "2024-10-03T11:59:59.500Z"
    totals, before = told["totals"], told["before"]
    assert (totals["executions"], totals["passRate"], totals["p50Ms"], totals["p95Ms"]) == (4, 0.3333, 500, 700)
    assert (before["executions"], before["passRate"], before["p50Ms"], before["complete"]) == (1, 1.0, 90, True)
    assert (told["image"], told["complete"], told["completeFrom"]) == ("busybox", True, told["from"])


@pytest.mark.parametrize(("offset", "day"), [("0", "2024-10-04"), ("720", "2024-10-05"), ("-721", "2024-10-03")])
async def test_a_day_is_the_readers(api: Installation, offset: str, day: str):
    """It begins at their midnight."""
    await _end(api, "t", NOON)
    told = await _get(api, "/api/images/history", image="busybox", offsetMinutes=offset)
    assert [each["day"] for each in told["days"] if each["executions"]] == [day]
    assert len({each["day"] for each in told["days"]}) == len(told["days"])


async def test_points_are_the_newest_that_started(api: Installation, monkeypatch: pytest.MonkeyPatch):
    """Up to the bound."""
    monkeypatch.setattr(images, "MAX_POINTS", 3)
    for number in range(5):
        await _end(api, f"t{number}", NOON - number, None if number == 1 else 10)
    told = await _get(api, "/api/images/history", image="busybox")
    assert [point["taskId"] for point in told["points"]] == ["t0", "t2", "t3"]
    assert told["totals"]["executions"] == 5


@pytest.mark.parametrize(("count", "complete"), [(4, True), (5, False)])
async def test_what_was_not_looked_at_is_told(
    api: Installation, monkeypatch: pytest.MonkeyPatch, count: int, complete: bool
):
    """One call looks at so many of the last ends of a period; days before are left out, as nobody knows."""
    monkeypatch.setattr(images, "LOOKED_AT", 4)
    for number in range(count):
        await _end(api, f"t{number}", NOON - number * DAY // 2)
        await _end(api, f"before{number}", NOON - 5 * DAY - number)
    expected = (complete, "2024-10-01T12:00:00.000Z" if complete else "2024-10-03T00:00:00.001Z")
    listed = await _get(api, "/api/images")
    assert (listed["complete"], listed["completeFrom"]) == expected
    assert listed["images"][0]["executions"] == 4
    told = await _get(api, "/api/images/history", image="busybox")
    assert (told["complete"], told["completeFrom"]) == expected
    assert told["days"][0]["day"] == ("2024-10-01" if complete else "2024-10-03")
    assert (told["totals"]["complete"], told["totals"]["executions"]) == (complete, 4)
    assert (told["before"]["complete"], told["before"]["executions"]) == (complete, 4)


@pytest.mark.parametrize(
    "image", ["a b&c=d#e?f/g", "%41", "+", "İmage ✓\u202e", "busybox' OR 1=1 --", "a" * 4096, "$ne"]
)
async def test_an_image_is_any_text(api: Installation, image: str):
    """As long as it is percent-encoded, and no longer than workers' reports are kept; it is found by its whole name."""
    await _end(api, "t", image=image)
    await _end(api, "other", image="busybox")
    told = await _get(api, "/api/images/history", image=image)
    assert (told["image"], told["totals"]["executions"]) == (image, 1)


async def test_an_organization_sees_its_own_only(api: Installation):
    """Though the image is called the same; an unknown one has no history."""
    await _end(api, "foreign", org="org_b")
    assert (await _get(api, "/api/images"))["images"] == []
    told = await _get(api, "/api/images/history", image="busybox")
    assert told["totals"]["executions"] == told["before"]["executions"] == len(told["points"]) == 0


async def test_without_a_period_it_is_the_last_thirty_days(api: Installation):
    """With a beginning it goes on until now, and with an end alone it is the thirty days before."""
    await api.requested("t")
    await api.call("POST", "/api/executions/t/cancel")
    recent = (await api.call("GET", "/api/images")).json()
    assert [image["image"] for image in recent["images"]] == ["busybox"]
    assert [(await api.call("GET", "/api/images", params={"since": recent["from"]})).json()["images"]] == [
        recent["images"]
    ]
    until = (await api.call("GET", "/api/images", params={"until": "2024-10-31"})).json()
    later = (await api.call("GET", "/api/images", params={"since": recent["from"], "until": "9999-12-31"})).json()
    assert later["until"] >= recent["until"]
    assert later["images"] == recent["images"]
    assert (until["from"], until["until"]) == ("2024-10-01T00:00:00.000Z", "2024-10-31T00:00:00.000Z")


@pytest.mark.parametrize("since", ["2024-10-01T14:00:00+02:00", "2024-10-01T12:00:00Z", "1727784000000"])
async def test_a_time_may_be_written_in_many_ways(api: Installation, since: str):
    """To the same end."""
    assert (await _get(api, "/api/images", since=since))["from"] == "2024-10-01T12:00:00.000Z"


@pytest.mark.parametrize(
    "query",
    [
        {"since": ""},
        {"since": "yesterday"},
        {"since": "2024-10-01T12:00"},
        {"since": "-5"},
        {"since": "1" * 5000},
        {"since": "٣"},
        {"since": "2024-10-01T12:00:00 02:00"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"until": "9999-12-31T23:59:59-14:00"},
        {"since": "2024-10-06", "until": "2024-10-06"},
        {"since": "2024-10-06", "until": "2024-10-05"},
        {"since": "2024-07-01", "until": "2024-10-05"},
        {"since": "2024-10-01", "until": "NaN"},
        {"since": "9999-12-31"},
        {"since": "9999-12-30", "until": "9999-12-31", "offsetMinutes": "840"},
    ],
)
async def test_what_is_no_period_is_refused(api: Installation, query: dict[str, str]):
    """With what to write instead."""
    for path in ("/api/images", "/api/images/history"):
        answer = await api.call("GET", path, params={"image": "busybox", **query})
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_QUERY")
        assert "must be" in answer.json()["error"]


@pytest.mark.parametrize("query", [{}, {"image": ""}, {"image": "a" * 4097}])
async def test_a_history_needs_an_image(api: Installation, query: dict[str, str]):
    """Of a bounded length."""
    answer = await api.call("GET", "/api/images/history", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_QUERY")


@pytest.mark.parametrize("offset", ["", "1.5", "841", "-841", "1e2", "٣", "+-1", "9" * 50])
async def test_an_offset_is_one_of_this_planet(api: Installation, offset: str):
    """In whole minutes."""
    query = {"image": "busybox", "offsetMinutes": offset}
    answer = await api.call("GET", "/api/images/history", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_QUERY")


async def test_an_organization_that_asks_for_too_much_at_once_waits_alone(
    api: Installation, monkeypatch: pytest.MonkeyPatch
):
    """Beside its reading of output; another organization is answered."""
    monkeypatch.setattr(output_shares, "WAIT_S", 0.01)
    async with AsyncExitStack() as stack:
        for _ in range(output_shares.ANSWERS):
            await stack.enter_async_context(api.app.state.output_shares.taken("org_a"))
        for path in ("/api/images", "/api/images/history?image=busybox"):
            refused = await api.call("GET", path)
            assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_DOWNLOADS")
            assert (await api.call("GET", path, org="org_b")).status_code == 200
    assert (await api.call("GET", "/api/images")).status_code == 200


@pytest.mark.parametrize(
    ("offset", "days"),
    [("0", ["1970-01-01"]), ("-840", ["1969-12-31", "1970-01-01"]), ("+840", ["1970-01-01", "1970-01-02"])],
)
async def test_the_first_day_of_all_has_a_date(api: Installation, offset: str, days: list[str]):
    """A period that ends at midnight has nothing of the next day."""
    query = {"image": "busybox", "since": "0", "until": str(DAY), "offsetMinutes": offset}
    told = (await api.call("GET", "/api/images/history", params=query)).json()
    assert [day["day"] for day in told["days"]] == days
