"""Output from a container's bytes to what a client of the api reads."""

import hashlib

from runcast_core.model.executions import Execution, Status
from runcast_runner.executors.dummy_executor import DummyExecutor
from runcast_runner.executors.executor import Job, Write
from tests.parts.api import Installation, serving
from tests.parts.docker_executor import executor  # noqa: F401 - a fixture
from tests.parts.runner import running_runner, stored, until_status

ORG = "org_a"


class Streams(DummyExecutor):
    """Writes pieces of streams, then fails."""

    def __init__(self, *pieces: tuple[bytes, int]) -> None:
        super().__init__()
        self._pieces = pieces

    async def behave(self, job: Job, write: Write) -> int:
        for data, stream in self._pieces:
            await write(data, stream)
        return 1


async def _ended(api: Installation, *pieces: tuple[bytes, int], config=None, **settings: str) -> Execution:
    task_id = await stored(api.store, {"image": "image", "config": config or {}}, ORG)
    async with running_runner(api.store, api.bus, Streams(*pieces), **settings):
        return await until_status(api.store, task_id, organization_id=ORG)


async def test_a_client_can_verify_the_output(tmp_path):
    """Lines, bytes and SHA-256 of the text are what the execution tells of each attempt, also where lines were cut."""
    pieces = [("grüße €\n".encode() * 9_000, 1), (b"x" * 20_000 + b"\nlast", 2), (b"\x00\n\n", 1)]
    async with serving(tmp_path) as api:
        ended = await _ended(api, *pieces, config={"retryAttempts": 1})
        path = f"/api/executions/{ended.task_id}"
        attempts = (await api.call("GET", path)).json()["attempts"]
        texts = [await api.call("GET", f"{path}/logs?attempt={n}&format=text") for n in (1, 2)]
        chunks = (await api.call("GET", f"{path}/logs?limit=1000")).json()["chunks"]
    assert [attempt["output"] for attempt in attempts] == [
        {
            "lastSeq": chunks[-1]["seq"],
            "bytes": len(text.content),
            "sha256": hashlib.sha256(text.content).hexdigest(),
            "lines": text.content.count(b"\n"),
        }
        for text in texts
    ]
    assert len(texts[0].content) > 9_000 * 12


async def test_no_output_has_a_proof_too(tmp_path):
    """It says that there is nothing, which is not the same as saying nothing."""
    async with serving(tmp_path) as api:
        ended = await _ended(api)
        told = (await api.call("GET", f"/api/executions/{ended.task_id}")).json()["attempts"][-1]["output"]
    assert told == {"lastSeq": 0, "bytes": 0, "sha256": hashlib.sha256(b"").hexdigest(), "lines": 0}


async def test_a_page_says_which_lines_are_standard_error(tmp_path):
    """As the event does; a chunk without any has no such field."""
    async with serving(tmp_path) as api:
        ended = await _ended(api, (b"out\n", 1), (b"err\nerr\n", 2), (b"out\n", 1))
        [chunk] = (await api.call("GET", f"/api/executions/{ended.task_id}/logs")).json()["chunks"]
        other = await _ended(api, (b"out\n", 1))
        [plain] = (await api.call("GET", f"/api/executions/{other.task_id}/logs")).json()["chunks"]
    assert (chunk["log"], chunk["stderr"]) == ("out\nerr\nerr\nout", [[1, 2]])
    assert "stderr" not in plain
    assert ended.status is Status.FAILED


async def test_a_container_tells_its_streams(tmp_path, executor, busybox_image):  # noqa: F811
    """From a real engine to the page: which lines are standard error, and a proof that holds."""
    command = "for n in 1 2 3; do echo out $n; sleep 0.2; echo err $n >&2; sleep 0.2; done"
    async with serving(tmp_path) as api:
        task_id = await stored(api.store, {"image": busybox_image, "command": command}, ORG)
        async with running_runner(api.store, api.bus, executor):
            await until_status(api.store, task_id, organization_id=ORG)
        path = f"/api/executions/{task_id}"
        chunks = (await api.call("GET", f"{path}/logs")).json()["chunks"]
        text = (await api.call("GET", f"{path}/logs?format=text")).content
        told = (await api.call("GET", path)).json()["attempts"][-1]["output"]
    errors = [
        line
        for chunk in chunks
        for first, count in chunk.get("stderr", [])
        for line in chunk["log"].split("\n")[first : first + count]
    ]
    assert errors == ["err 1", "err 2", "err 3"]
    assert text == b"out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n"
    assert (told["bytes"], told["sha256"]) == (len(text), hashlib.sha256(text).hexdigest())


async def test_the_cap_is_a_setting(tmp_path):
    """`RUNCAST_MAX_OUTPUT_MB` bounds what is kept; how the execution ends does not change."""
    piece = (b"y" * 9_999 + b"\n") * 10, 1
    async with serving(tmp_path) as api:
        ended = await _ended(api, *[piece] * 12, RUNCAST_MAX_OUTPUT_MB="1")
        path = f"/api/executions/{ended.task_id}"
        text = await api.call("GET", f"{path}/logs?format=text")
        told = (await api.call("GET", path)).json()["attempts"][-1]["output"]
    assert text.text.split("\n")[100:] == [
        "[... output over 1 MB is not kept]",
        "[... 20 more lines, 200000 bytes, were not kept]",
        "",
    ]
    assert (told["bytes"], told["sha256"]) == (len(text.content), hashlib.sha256(text.content).hexdigest())
    assert ended.status is Status.FAILED
