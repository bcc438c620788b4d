"""`runcast up` where a Docker engine answers: containers from the request to the dashboard, and none left behind."""

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from runcast_core.model.identifiers import new_id
from tests.e2e.dashboard import Dashboard, javascript, python
from tests.parts.conditions import until
from tests.parts.engine import containers_labelled
from tests.parts.up import Up, running_up

QUICK = {"RUNCAST_DRAIN": "0.1", "RUNCAST_KILL_GRACE": "0"}


@pytest.fixture(scope="module")
def up(busybox_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with running_up(tmp_path_factory.mktemp("up") / "data", **QUICK) as up:
        yield up


@pytest.fixture
async def dashboard(up: Up, javascript_client: None) -> AsyncIterator[Dashboard]:
    async with javascript(up.url, auth={"token": up.token}) as dashboard:
        await dashboard.until(lambda d: d.of("auth-success"))
        yield dashboard


async def _ended(dashboard: Dashboard, task_id: str) -> dict:
    """Wait for the end of the execution; return the last update."""

    def ends(seen: Dashboard) -> list[dict]:
        return [b for b in seen.of("execution-updated") if b["taskId"] == task_id and "endedAt" in b]

    await dashboard.until(ends, 30)
    return ends(dashboard)[0]


def _output(dashboard: Dashboard, task_id: str) -> str:
    return "\n".join(body["log"] for body in dashboard.of("execution-log") if body["taskId"] == task_id)


def _containers(organization_id: str) -> list:
    return containers_labelled(f"runcast.organization={organization_id}")


async def _no_container_of(organization_id: str) -> None:
    await until(lambda: _containers(organization_id) == [], 30)


async def test_the_printed_request_becomes_a_container(up: Up, dashboard: Dashboard, busybox_image: str):
    """The engine is found by itself; the pasted line, with an image that is here, passes on the dashboard."""
    assert up.executor == "docker"
    assert "alpine:3" in up.curl
    await up.paste(busybox_image)
    await dashboard.until(lambda d: d.of("execution-updated"))
    task_id = dashboard.of("execution-updated")[0]["taskId"]
    last = await _ended(dashboard, task_id)
    assert (last["status"], last["exitCode"]) == ("PASSED", 0)
    assert _output(dashboard, task_id) == "line 1\nline 2\nline 3"
    names = [name for name, _ in dashboard.events]
    logs = names.count("execution-log")  # three, unless this machine stood still for as long as a line takes
    assert names == ["auth-success"] + ["execution-updated"] * 2 + ["execution-log"] * logs + ["execution-updated"]
    await _no_container_of(up.organization_id)


async def _printed(up: Up, dashboard: Dashboard, image: str, command: str) -> str:
    """Run the command to its end; return the output that arrived live, which is also what is stored."""
    task_id = await up.request(image=image, command=command)
    assert (await _ended(dashboard, task_id))["status"] == "PASSED"
    output = _output(dashboard, task_id)
    async with httpx.AsyncClient(base_url=up.url, headers=up.headers) as http:
        stored = await http.get(f"/api/executions/{task_id}/logs?format=text")
    assert stored.text == output + "\n"
    return output


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("printf '\\377\\376ok\\303\\050\\n'", "\ufffd\ufffdok\ufffd("),
        ("printf 'gr\\303'; sleep 0.3; printf '\\274n\\n'", "grün"),
        ("printf '\\000\\001\\002\\nafter\\n'", "[... 3 bytes of binary output]\nafter"),
    ],
    ids=["invalid", "split", "binary"],
)
async def test_whatever_a_container_prints_arrives(
    up: Up, dashboard: Dashboard, busybox_image: str, command: str, expected: str
):
    """Bytes that are no text are replaced, a line that is none is named, and the rest is as printed."""
    assert await _printed(up, dashboard, busybox_image, command) == expected


async def test_both_streams_arrive(up: Up, dashboard: Dashboard, busybox_image: str):
    """In whichever order: the engine defines none for what is written at the same moment."""
    output = await _printed(up, dashboard, busybox_image, "echo out; echo err >&2")
    assert sorted(output.split("\n")) == ["err", "out"]


async def test_a_line_of_a_megabyte_is_cut_with_a_marker(up: Up, dashboard: Dashboard, busybox_image: str):
    """The next line is whole."""
    command = "head -c 1048576 /dev/zero | tr '\\0' x; echo; echo after"
    first, second = (await _printed(up, dashboard, busybox_image, command)).split("\n")
    assert second == "after"
    assert first.startswith("x" * 16_000)
    assert "x" not in first.lstrip("x")
    assert len(first) < 17_000


@pytest.mark.parametrize("last", ["; sleep 0.1; echo", ""])
async def test_a_line_on_the_other_stream_is_not_swallowed_by_an_open_one(
    up: Up, dashboard: Dashboard, busybox_image: str, last: str
):
    """A long line is there once, cut, and what standard error says meanwhile is a line of its own."""
    command = f"head -c 40000 /dev/zero | tr '\\0' y; sleep 0.3; echo progress >&2{last}"
    lines = (await _printed(up, dashboard, busybox_image, command)).split("\n")
    assert lines == ["progress", "y" * 16_384 + " [... 23616 bytes cut]"]


async def test_an_image_that_nobody_has_is_a_clear_error(up: Up, dashboard: Dashboard):
    """`ERROR` with the image's name, and the next execution runs."""
    task_id = await up.request(image="runcast.invalid/none:1", command="true")
    last = await _ended(dashboard, task_id)
    assert last["status"] == "ERROR"
    assert "image runcast.invalid/none:1 could not be pulled" in last["error"]


async def test_local_is_not_run_beside_an_engine(up: Up, dashboard: Dashboard):
    """`image: "local"` would escape the container; the error says what to name instead."""
    last = await _ended(dashboard, await up.request(image="local", command="true"))
    assert (last["status"], last["error"]) == (
        "ERROR",
        'image "local" is for the process executor; name a container image',
    )


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
async def test_however_it_ends_no_container_stays(tmp_path: Path, busybox_image: str, up: Up, ending: signal.Signals):
    """Its own are removed, also after `kill -9`; those of another installation on the same engine live on."""
    other = await up.request(image=busybox_image, command="sleep 60")
    with running_up(tmp_path / new_id(), **QUICK) as killed:
        async with python(killed.url, auth={"token": killed.token}) as dashboard:
            await killed.request(image=busybox_image, command="trap '' TERM; echo begun; sleep 60")
            await dashboard.until(lambda d: d.of("execution-log"))
        assert len(_containers(killed.organization_id)) == 1
        killed.end(ending)
        await _no_container_of(killed.organization_id)
    assert len(_containers(up.organization_id)) == 1
    async with httpx.AsyncClient(base_url=up.url, headers=up.headers) as http:
        (await http.post(f"/api/executions/{other}/cancel")).raise_for_status()
    await _no_container_of(up.organization_id)
