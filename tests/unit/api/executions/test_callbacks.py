"""The callbacks of the replaced system's workers: who may call, what is stored, and what the room gets."""

import orjson
import pytest
from structlog.testing import capture_logs

from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import StoreUnavailable
from runcast_core.model.executions import LogChunk, Source, Status
from tests.parts.api import STRANGER, serving

PATHS = ("/executions/update", "/executions/log")
TOKEN = {"RUNCAST_CALLBACK_TOKEN": "token of the workers"}
LOOPBACK = {"RUNCAST_CALLBACK_NETWORKS": "127.0.0.0/8, ::1/128"}
BAD_HEADERS = ("token of the workers", "Bearer ", "Bearer token", "Bearer tökén", "Basic token of the workers")
FORGED = {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1", "Host": "127.0.0.1"}
NO_TASK_IDS = ("", "../x", "a/b", "{a}", "..", "x" * 129, 7, None, ["t"])
BODY = {"taskId": "t1", "organizationId": "org_a", "status": "RUNNING", "log": "hello"}
UPDATE = {"taskId": "t1", "organizationId": "org_a", "status": "RUNNING"}
LOG = {"taskId": "t1", "organizationId": "org_a", "log": "hello"}


@pytest.mark.parametrize("path", PATHS)
async def test_the_token_opens_from_anywhere(tmp_path, path):
    """With the token any peer may report; whoever shows another is refused, trusted network or not, and so is who
    shows none from elsewhere."""
    async with serving(tmp_path, **TOKEN) as api:
        assert (await api.http.post(path, json=BODY)).status_code == 403
    async with serving(tmp_path, **TOKEN, RUNCAST_CALLBACK_NETWORKS="0.0.0.0/0") as api:
        for header in BAD_HEADERS:
            answer = await api.http.post(path, json=BODY, headers={"Authorization": header.encode("latin-1")})
            assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN"), header
        assert await api.store.executions("org_a") == []
        for header in ("Bearer token of the workers", "bearer token of the workers"):
            answer = await api.http.post(path, content=orjson.dumps(BODY), headers={"Authorization": header})
            assert answer.status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("token", [{}, TOKEN])
async def test_peers_of_trusted_networks_need_no_token(tmp_path, path, peer, token):
    """The socket's address decides, IPv4 within IPv6 included, whether there is a token for others or not."""
    async with serving(tmp_path, peer=peer, **LOOPBACK, **token) as api:
        assert (await api.http.post(path, json=BODY)).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "name",
    [
        *("Forwarded", "forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "x-forwarded-host", "X-Forwarded", "Via"),
        *("X-Forwarded-Whatever", "X-Real-Ip", "X-Client-IP", "True-Client-Ip", "CF-Connecting-IP", "CDN-Loop"),
        *("X-Envoy-External-Address", "X-Original-Forwarded-For", "X-ProxyUser-Ip", "X-Cluster-Client-IP"),
        *("X_Forwarded_For", "X-Forwarded_For", "X_REAL_IP", "x_client_ip", "CF_Connecting_IP", "CDN_Loop"),
    ],
)
async def test_what_came_through_a_proxy_is_not_trusted_by_address(tmp_path, path, name):
    """Whatever the header says, also nothing: the connection's address is the proxy's, not the caller's."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK, **TOKEN) as api:
        for value in ("127.0.0.1", ""):
            answer = await api.http.post(path, json=BODY, headers={name: value})
            assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN")
        assert await api.store.executions("org_a") == []
        headers = {name: "127.0.0.1", "Authorization": "Bearer token of the workers"}
        assert (await api.http.post(path, json=BODY, headers=headers)).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer token of the workers"}])
async def test_nothing_is_reported_for_a_deleted_organization(tmp_path, path, headers):
    """By nobody, whatever they report of."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK, **TOKEN) as api:
        for organization_id in ("org_a", "org_b"):
            assert (
                await api.http.post(path, json=BODY | {"organizationId": organization_id}, headers=headers)
            ).status_code == 200
        before = await api.store.execution("org_a", "t1")
        api.bus.published.clear()
        await api.store.delete_organization("org_a")
        for task_id in ("t1", "t2"):
            answer = await api.http.post(path, json=BODY | {"taskId": task_id}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN")
            assert "deleted" in answer.json()["error"]
        assert await api.store.execution("org_a", "t1") in (before, None)
        assert await api.store.execution("org_a", "t2") is None
        assert api.bus.published == []
        assert (await api.http.post(path, json=BODY | {"organizationId": "org_b"}, headers=headers)).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("peer", [STRANGER, "::2", "testclient", ""])
async def test_other_peers_are_refused_whatever_headers_say(tmp_path, path, peer):
    """An address outside the networks is refused, and no header can claim another one."""
    async with serving(tmp_path, peer=peer, **LOOPBACK) as api:
        answer = await api.http.post(path, json=BODY, headers=FORGED)
        assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN")
        assert await api.store.executions("org_a") == []
        assert api.bus.published == []


@pytest.mark.parametrize("path", PATHS)
async def test_by_default_nobody_may_report(tmp_path, path):
    """Without a token and without networks every callback is refused, from loopback too."""
    async with serving(tmp_path, peer="127.0.0.1") as api:
        assert (await api.http.post(path, json=BODY)).status_code == 403


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
        {"Content-Type": "application/json", "Origin": "http://evil.example"},
        {"Content-Type": "application/json", "Origin": "null"},
    ],
)
async def test_a_browser_on_a_trusted_machine_cannot_report(tmp_path, path, headers):
    """What a web page could send from a trusted peer (a simple content type, or an Origin) is refused."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        answer = await api.http.post(path, content=orjson.dumps(BODY), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN")


async def test_a_content_type_with_a_charset_is_json(tmp_path):
    """`application/json; charset=utf-8` is accepted, as HTTP libraries send it."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        headers = {"Content-Type": "Application/JSON; charset=utf-8"}
        assert (await api.http.post(PATHS[0], content=orjson.dumps(BODY), headers=headers)).status_code == 200


async def test_an_update_of_an_unknown_execution_creates_it(tmp_path):
    """The first report of a task makes it an external execution; the room gets the body exactly as it came."""
    body = {**UPDATE, "image": "busybox", "nested": {"b": [1, None, "ü"], "a": 1.5}, "rev": "mine", "config": {"x": 1}}
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        with capture_logs() as logs:
            answer = await api.http.post("/executions/update", json=body)
        assert (answer.status_code, answer.json()) == (200, {"status": "broadcasted"})
        [(organization_id, event)] = api.bus.published
        assert (organization_id, event.name, event.task_id) == ("org_a", "execution-updated", "t1")
        assert list(orjson.loads(event.payload).items()) == list(body.items())
        stored = await api.store.execution("org_a", "t1")
        assert stored is not None
        assert (stored.source, stored.status, stored.image) == (Source.EXTERNAL, Status.RUNNING, "busybox")
        assert await api.store.unannounced(before=now_ms() + 60_000) == []
    line = {"event": "Broadcast execution-updated", "room": "org:org_a", "task": "t1", "status": "RUNNING"}
    assert any(line.items() <= entry.items() for entry in logs)


async def test_an_update_of_a_known_execution_is_stored_first(tmp_path, monkeypatch):
    """The state, exit code and error are in the store before the room hears of them."""
    seen: list[Status] = []
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        await api.requested()
        publish = api.bus.publish

        async def publishing(organization_id: str, event: object) -> str:
            found = await api.store.execution("org_a", "t1")
            assert found is not None
            seen.append(found.status)
            return await publish(organization_id, event)

        monkeypatch.setattr(api.bus, "publish", publishing)
        await api.http.post("/executions/update", json={**UPDATE, "status": "FAILED", "exitCode": 3, "error": "no"})
        detail = (await api.call("GET", "/api/executions/t1")).json()
    assert seen == [Status.FAILED]
    assert (detail["status"], detail["exitCode"], detail["error"], detail["source"]) == ("FAILED", 3, "no", "api")


async def test_the_first_end_wins_in_the_store(tmp_path):
    """A report after the end is relayed as received, but the stored end stays."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        for status in ("PASSED", "RUNNING", "FAILED"):
            answer = await api.http.post("/executions/update", json={**UPDATE, "status": status})
            assert answer.status_code == 200
        statuses = [orjson.loads(event.payload)["status"] for _, event in api.bus.published]
        assert statuses == ["PASSED", "RUNNING", "FAILED"]
        assert (await api.call("GET", "/api/executions/t1")).json()["status"] == "PASSED"


async def test_a_status_of_the_workers_own_is_relayed_but_not_stored(tmp_path):
    """A status that Runcast does not know reaches the room and changes nothing in the store."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        await api.requested()
        before = await api.store.execution("org_a", "t1")
        assert (await api.http.post("/executions/update", json={**UPDATE, "status": "UPLOADING"})).status_code == 200
        assert orjson.loads(api.bus.published[-1][1].payload)["status"] == "UPLOADING"
        assert await api.store.execution("org_a", "t1") == before


async def test_a_report_of_something_else_does_not_announce_a_stored_state(tmp_path):
    """A stored end that Redis never heard of stays unannounced, whatever other report is relayed meanwhile."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        api.bus.down = True
        await api.http.post("/executions/update", json={**UPDATE, "status": "PASSED"})
        api.bus.down = False
        for status in ("RUNNING", "UPLOADING"):
            await api.http.post("/executions/update", json={**UPDATE, "status": status})
            assert [e.status for e in await api.store.unannounced(before=now_ms() + 60_000)] == [Status.PASSED]


async def test_output_is_numbered_stored_and_relayed(tmp_path):
    """The room gets the body without organizationId and with seq, attempt, ts and the number of its first line; the
    store has the same, whatever the worker says of these."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        forged = {"stream": "err", "seq": 7, "attempt": 7, "ts": 7, "firstLine": 7, "stderr": [[7, 7]]}
        for number in (1, 2):
            answer = await api.http.post("/executions/log", json={**LOG, **forged, "log": f"line {number}\nb"})
            assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert {organization_id for organization_id, _ in api.bus.published} == {"org_a"}
        events = [event for _, event in api.bus.published]
        assert {(event.name, event.task_id) for event in events} == {("execution-log", "t1")}
        payloads = [orjson.loads(event.payload) for event in events]
        chunks = (await api.call("GET", "/api/executions/t1/logs")).json()["chunks"]
        stored = await api.store.execution("org_a", "t1")
    assert [{**chunk, "stream": "err"} for chunk in chunks] == payloads
    assert [(p["log"], p["seq"], p["firstLine"]) for p in payloads] == [("line 1\nb", 1, 1), ("line 2\nb", 2, 3)]
    assert [p["attempt"] for p in payloads] == [0, 0]
    assert stored is not None
    assert (stored.source, stored.status) == (Source.EXTERNAL, Status.RUNNING)


async def test_output_never_reaches_the_services_log(tmp_path):
    """No log line of the service holds a worker's output, also when Redis is down."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK, RUNCAST_GLOBAL_FALLBACK="true") as api:
        with capture_logs() as logs:
            await api.http.post("/executions/log", json={**LOG, "log": "s3cret"})
            await api.http.post("/executions/log", json={"taskId": "t1", "log": "s3cret"})
            api.bus.down = True
            await api.http.post("/executions/log", json={**LOG, "log": "s3cret"})
    assert logs
    assert "s3cret" not in str(logs)


async def test_without_redis_reports_are_stored_and_accepted(tmp_path):
    """A failed publish after storing is a 200 and a log line; the state stays unannounced and output is readable."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        api.bus.down = True
        with capture_logs() as logs:
            update = await api.http.post("/executions/update", json={**UPDATE, "status": "PASSED"})
            log = await api.http.post("/executions/log", json=LOG)
        assert (update.json(), log.json()) == ({"status": "broadcasted"}, {"status": "ok"})
        assert [e.status for e in await api.store.unannounced(before=now_ms() + 60_000)] == [Status.PASSED]
        assert len(await api.store.read_logs("org_a", "t1", attempt=0)) == 1
        api.bus.down = False
        assert [(event.name, event.task_id) for _, event in api.bus.published] == [("resync", "t1")]
    assert [entry["event"] for entry in logs] == ["Callback stored but not relayed"] * 2


async def test_output_that_may_be_stored_is_told(tmp_path, monkeypatch):
    """The store took it and its answer was lost: the worker is told to try again, dashboards to read it."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        append = api.store.append_external_log

        async def append_unanswered(*arguments) -> None:
            await append(*arguments)
            raise StoreUnavailable("no answer")

        monkeypatch.setattr(api.store, "append_external_log", append_unanswered)
        assert (await api.http.post("/executions/log", json=LOG)).status_code == 503
        assert [(event.name, event.task_id) for _, event in api.bus.published] == [("resync", "t1")]


@pytest.mark.parametrize("path", PATHS)
async def test_without_the_store_nothing_is_relayed(tmp_path, monkeypatch, path):
    """What could not be stored is a 503 and is not published: the worker tries again."""

    async def down(*_: object, **__: object) -> None:
        raise StoreUnavailable("no answer")

    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        monkeypatch.setattr(api.store, "record_external", down)
        answer = await api.http.post(path, json=BODY)
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert api.bus.published == []


@pytest.mark.parametrize(
    ("path", "body", "name", "warning", "answer"),
    [
        (
            "/executions/update",
            {"taskId": "t1", "status": "RUNNING", "extra": {"a": [1]}},
            "execution-updated",
            "Execution update missing organizationId, broadcasting globally",
            {"status": "broadcasted"},
        ),
        (
            "/executions/log",
            {"taskId": "t1", "log": "hello", "extra": 1},
            "execution-log",
            "Log broadcast missing organizationId, broadcasting globally",
            {"status": "ok"},
        ),
    ],
)
@pytest.mark.parametrize("absent", [{}, {"organizationId": None}])
async def test_without_an_organization_the_switch_decides(tmp_path, path, body, name, warning, answer, absent):
    """On: to every socket, with a warning and a counter, and nothing stored. Off, the default: a 422 and nothing."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK, RUNCAST_GLOBAL_FALLBACK="true") as api:
        with capture_logs() as logs:
            response = await api.http.post(path, json=body | absent)
        assert (response.status_code, response.json()) == (200, answer)
        [event] = api.bus.broadcasts
        assert (event.name, event.task_id, orjson.loads(event.payload)) == (name, "t1", body | absent)
        assert api.bus.published == []
        assert api.sample("runcast_api_global_fallbacks_total", event=name) == 1
        assert [(e["event"], e["log_level"], e["task"]) for e in logs] == [(warning, "warning", "t1")]
        api.bus.down = True
        assert (await api.http.post(path, json=body)).status_code == 503
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        response = await api.http.post(path, json=body | absent)
        assert (response.status_code, response.json()["code"]) == (422, "ORGANIZATION_REQUIRED")
        assert api.bus.broadcasts == api.bus.published == []
        assert api.sample("runcast_api_global_fallbacks_total", event=name) == 0


@pytest.mark.parametrize(
    ("path", "change"),
    [
        *((path, {"taskId": bad}) for path in PATHS for bad in NO_TASK_IDS),
        *((path, {"organizationId": bad}) for path in PATHS for bad in ("", "{o}", "a/b", "a b", "x" * 65, 7, {})),
        *(("/executions/update", {"status": bad}) for bad in ("", None, 5, "x" * 65)),
        *(("/executions/log", {"log": bad}) for bad in (None, 5, ["line"])),
    ],
)
async def test_a_bad_report_is_refused(tmp_path, path, change):
    """Ids that are paths, hold braces or are no texts, and missing or mistyped fields, are a 400 and change nothing."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK, RUNCAST_GLOBAL_FALLBACK="true") as api:
        answer = await api.http.post(path, json=BODY | change)
        assert answer.status_code == 400
        assert next(iter(change)) in answer.json()["error"]
        assert api.bus.published == api.bus.broadcasts == []
        assert await api.store.executions("org_a") == []


async def test_strange_values_of_stored_fields_do_no_harm(tmp_path):
    """An image, error or exit code of another type or size is relayed as it is and not stored as it is."""
    odd = {"image": {"name": "x"}, "error": "e" * 100_000, "exitCode": True}
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        assert (await api.http.post("/executions/update", json={**UPDATE, **odd, "exitCode": 2**40})).status_code == 200
        assert (await api.http.post("/executions/update", json={**UPDATE, **odd})).status_code == 200
        stored = await api.store.execution("org_a", "t1")
        assert orjson.loads(api.bus.published[-1][1].payload)["error"] == odd["error"]
        nameless = {**UPDATE, "taskId": "t2", "image": ""}
        assert (await api.http.post("/executions/update", json=nameless)).status_code == 200
        kept = await api.store.summary("org_a", "t2")
    assert kept is not None
    assert kept.image is None, "nothing could ask for it"
    assert stored is not None
    assert (stored.image, len(stored.error or ""), stored.exit_code) == (None, 4096, None)


async def test_a_reported_end_is_told_to_the_runner_that_holds_the_execution(tmp_path):
    """It is to stop the container now and not at its next renewal; what nobody holds is told to nobody."""
    async with serving(tmp_path, **TOKEN) as api:
        await api.requested()
        claimed = await api.store.claim("org_a", runner_id="r", lease_ms=60_000, limit=1)
        assert claimed is not None
        api.bus.sent_signals.clear()
        api.bus.published.clear()
        for body in (UPDATE, {**UPDATE, "status": "FAILED"}, {**UPDATE, "taskId": "external", "status": "PASSED"}):
            headers = {"Authorization": "Bearer token of the workers"}
            assert (await api.http.post(PATHS[0], json=body, headers=headers)).status_code == 200
        assert api.bus.sent_signals == [Signal(SignalKind.CANCEL, "org_a", "t1")]
        names = [
            event.name for _, event in api.bus.published
        ]  # its runner may be lost, and its last output unpublished
        assert names == ["execution-updated", "resync", "execution-updated", "execution-updated"]
        answer = await api.call("DELETE", "/api/executions/t1")
        assert (answer.status_code, answer.json()["code"]) == (409, "STILL_LIVE")


async def test_output_behind_uncounted_lines_has_no_number_of_the_workers(tmp_path):
    """An earlier version stored what is before it: no number is known, and none is made up."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        await api.requested()
        await api.store.append_logs([LogChunk("org_a", "t1", 0, 1, "of an earlier version", 1)])
        await api.http.post("/executions/log", json={**LOG, "firstLine": 2})
        [(_, event)] = [(org, event) for org, event in api.bus.published if event.name == "execution-log"]
    assert "firstLine" not in orjson.loads(event.payload)
