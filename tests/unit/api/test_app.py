"""The api as a whole: what it serves, documents and answers when parts of it fail."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest
from msgspec.json import schema_components
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic.json_schema import models_json_schema

from runcast_api import app as app_module
from runcast_api.app import create_app
from runcast_api.documentation.calls import CALLS
from runcast_api.documentation.schemas import shapes
from runcast_api.settings import ApiSettings
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import LeaseLost, SettingError, StoreUnavailable
from runcast_core.model.executions import Execution
from tests.parts.api import SECRET, serving
from tests.parts.conditions import until
from tests.parts.documented import check


class _Page(HTMLParser):
    """Collects what matters of a page: its elements, its text, its links and its ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.text = ""
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        if tag != "meta":
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_docs_list_every_call_without_any_script(tmp_path):
    """/docs is well-formed HTML that names every call, loads nothing, and whose links all lead somewhere."""
    async with serving(tmp_path) as api:
        answer = await api.http.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "script" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    page = _Page(answer.text)
    assert page.open == []
    assert not page.elements & {"script", "img", "iframe", "link", "object", "form"}
    assert all(call.path in page.text and call.summary in page.text for call in CALLS)
    assert len(page.ids) == len(set(page.ids))
    assert set(page.links) - {f"#{name}" for name in page.ids} == {"/openapi.json"}


async def test_openapi_covers_the_routes_and_its_references_resolve(tmp_path):
    """/openapi.json is 3.1, has every route of the table, and each of its references leads to a schema."""
    async with serving(tmp_path) as api:
        document = (await api.http.get("/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    operations = {(m.upper(), path) for path, methods in document["paths"].items() for m in methods}
    assert operations == {(call.method, call.path) for call in CALLS}
    references = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert references
    assert references <= set(document["components"]["schemas"])
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    OpenAPIV31SpecValidator(document).validate()
    demanded = [each for methods in document["paths"].values() for one in methods.values() for each in one["security"]]
    assert {name for each in demanded for name in each} == set(document["components"]["securitySchemes"])


def test_no_schema_hides_another_one():
    """Bodies are pydantic's and answers msgspec's; in both stands only what is the same."""
    bodies = [(call.body, "validation") for call in CALLS if call.body]
    read = models_json_schema(bodies)[1]["$defs"]
    _, written = schema_components([each for call in CALLS for each in shapes(call.answer)])
    assert set(read) & set(written) == {"Role"}


async def test_real_answers_are_as_documented(tmp_path):
    """Every call's answer, and a refusal, validate against the schema that the documentation shows, and have nothing
    that it does not show."""
    worker = {"Authorization": "Bearer token of the workers"}

    async with serving(tmp_path, RUNCAST_CALLBACK_TOKEN="token of the workers") as api:
        account = {"email": "a@example.com", "password": "a long password", "name": "A", "organizationName": "O"}
        signup = await api.http.post("/api/auth/signup", json=account)
        token = check(signup, "POST", "/api/auth/signup")["token"]
        api.http.headers["Authorization"] = f"Bearer {token}"
        login = {name: account[name] for name in ("email", "password")}
        check(await api.http.post("/api/auth/login", json=login), "POST", "/api/auth/login")
        check(await api.http.get("/api/auth/me"), "GET", "/api/auth/me")
        check(await api.call("GET", "/api/auth/me"), "GET", "/api/auth/me")
        user = {"email": "b@example.com", "password": "a long password", "name": "B", "role": "viewer"}
        added = check(await api.http.post("/api/users", json=user), "POST", "/api/users")
        assert len(check(await api.http.get("/api/users"), "GET", "/api/users")["users"]) == 2
        as_member = await api.call("GET", "/api/users", org=added["organizationId"])
        assert len(check(as_member, "GET", "/api/users")["users"]) == 2
        patched = await api.http.patch("/api/organization", json={"concurrencyLimit": 5, "retentionDays": 0})
        limits = check(patched, "PATCH", "/api/organization")["organization"]
        assert check(await api.http.get("/api/organization"), "GET", "/api/organization")["organization"] == limits
        check(await api.call("GET", "/api/organization"), "GET", "/api/organization")
        new_key = {"name": "CI", "kind": "api-key", "role": "viewer", "pools": ["gpu"], "expiresInDays": 1}
        key = check(await api.http.post("/api/keys", json=new_key), "POST", "/api/keys")
        listed = check(await api.http.get("/api/keys"), "GET", "/api/keys")["keys"]
        assert listed == [{name: value for name, value in key.items() if name != "secret"}]
        as_key = {"Authorization": f"Bearer {key['secret']}"}
        assert check(await api.http.get("/api/auth/me", headers=as_key), "GET", "/api/auth/me")["user"]["name"] == "CI"
        assert (await api.http.delete(f"/api/keys/{key['id']}")).status_code == 204
        assert check(await api.http.delete("/api/keys/x"), "DELETE", "/api/keys/{keyId}")["code"] == "NOT_FOUND"
        await api.bus.note_presence("g1", {added["organizationId"]: {added["id"]: 2, "stranger": 1}})
        assert check(await api.http.get("/api/presence"), "GET", "/api/presence")["sockets"] == 3
        assert (await api.http.delete(f"/api/users/{added['id']}/sessions")).status_code == 204
        assert (await api.http.delete(f"/api/users/{added['id']}")).status_code == 204
        missing = await api.http.delete(f"/api/users/{added['id']}")
        assert check(missing, "DELETE", "/api/users/{userId}")["code"] == "NOT_FOUND"
        request = {"taskId": "t1", "image": "busybox"}
        created = await api.http.post("/api/execution-request", json=request)
        org = check(created, "POST", "/api/execution-request")["organizationId"]
        update = {"taskId": "t2", "organizationId": org, "status": "FAILED", "exitCode": 3, "error": "no", "image": "i"}
        check(await api.http.post("/executions/update", json=update, headers=worker), "POST", "/executions/update")
        log = {"taskId": "t1", "organizationId": org, "log": "hello"}
        check(await api.http.post("/executions/log", json=log, headers=worker), "POST", "/executions/log")
        one = "/api/executions/{taskId}"
        assert check(await api.http.get("/api/executions"), "GET", "/api/executions")["executions"]
        check(await api.http.get("/api/executions/t1"), "GET", one)
        check(await api.http.get("/api/executions/t2"), "GET", one)
        assert check(await api.http.get("/api/executions/t1/logs"), "GET", f"{one}/logs")["chunks"]
        check(await api.http.post("/api/executions/t1/rerun"), "POST", f"{one}/rerun")
        check(await api.http.post("/api/executions/t1/cancel"), "POST", f"{one}/cancel")
        check(await api.http.get("/api/activity"), "GET", "/api/activity")
        assert check(await api.http.get("/api/images"), "GET", "/api/images")["images"]
        history = check(await api.http.get("/api/images/history?image=i"), "GET", "/api/images/history")
        assert history["points"]
        refused = check(await api.http.post("/api/executions/t1/cancel"), "POST", f"{one}/cancel")
        assert refused["code"] == "ALREADY_ENDED"
        assert (await api.http.delete("/api/executions/t1")).status_code == 204


async def test_probes_and_metrics(tmp_path):
    """/livez looks at nothing, /readyz names the part that does not answer, /metrics has the api's counters."""
    async with serving(tmp_path) as api:
        assert (await api.http.get("/readyz")).json() == {"ready": True}
        api.bus.down = True
        answer = await api.http.get("/readyz")
        assert (answer.status_code, answer.json()["faults"]) == (503, {"redis": "BUS_UNAVAILABLE"})
        assert (await api.http.get("/livez")).status_code == 200
        await api.http.get("/api/auth/me")
        metrics = (await api.http.get("/metrics")).text
    assert 'runcast_api_authentication_errors_total{code="AUTHENTICATION_REQUIRED"} 1.0' in metrics


async def test_unknown_paths_and_methods_answer_like_every_problem(tmp_path):
    """404 and 405 have the same shape as other errors."""
    async with serving(tmp_path) as api:
        missing = await api.http.get("/api/nothing")
        assert (missing.status_code, missing.json()) == (404, {"error": "Not Found", "code": "NOT_FOUND"})
        wrong = await api.http.put("/api/executions")
        assert (wrong.status_code, wrong.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert "GET" in wrong.headers["allow"]


async def test_a_wrong_method_is_told_all_that_the_path_has(tmp_path):
    """Also those of other calls; what GET answers, HEAD answers without a body."""
    async with serving(tmp_path) as api:
        wrong = await api.http.put("/api/executions/t1")
        assert wrong.status_code == 405
        assert set(wrong.headers["allow"].split(", ")) == {"GET", "HEAD", "DELETE"}
        await api.requested("t1")
        answer = await api.call("HEAD", "/api/executions/t1")
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("error", [RuntimeError("the password is hunter2"), LeaseLost("hunter2 lost it")])
async def test_an_unexpected_error_shows_nothing_of_the_inside(tmp_path, monkeypatch, error):
    """An error that nobody foresaw is a 500 without its text, and the service goes on serving."""
    async with serving(tmp_path) as api:
        with monkeypatch.context() as patch:
            patch.setattr(api.store, "execution", _raising(error))
            answer = await api.call("GET", "/api/executions/t1")
        assert (answer.status_code, answer.json()) == (500, {"error": "internal error", "code": "INTERNAL"})
        assert (await api.call("GET", "/api/executions/t1")).status_code == 404


async def test_a_store_that_does_not_answer_is_a_503_with_retry_after(tmp_path, monkeypatch):
    """While the store is down, calls answer 503 and say when to try again."""
    async with serving(tmp_path) as api:
        monkeypatch.setattr(api.store, "create_execution", _raising(StoreUnavailable("no answer")))
        answer = await api.call("POST", "/api/execution-request", json={"image": "busybox"})
    assert (answer.status_code, answer.json()["code"]) == (503, "STORE_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0


async def test_left_unannounced_is_announced_by_the_sweep(tmp_path):
    """A state that was stored and never published is published by a running api."""
    async with serving(tmp_path) as api:
        old = now_ms() - 60_000
        await api.store.create_execution(Execution("org_a", "t1", "busybox", old, old))
        await until(lambda: api.bus.published)
    organization_id, event = api.bus.published[0]
    assert (organization_id, event.name, event.task_id) == ("org_a", "execution-updated", "t1")


async def test_opens_its_own_parts_when_given_none(tmp_path, monkeypatch):
    """Without a store and a bus the application opens those of its settings and closes them at the end."""
    opened: list[str] = []

    @asynccontextmanager
    async def open_bus(url: str) -> AsyncIterator[MemoryBus]:
        opened.append(url)
        yield MemoryBus()
        opened.append("closed")

    monkeypatch.setattr(app_module, "open_redis_bus", open_bus)
    path = str(tmp_path / "own.sqlite")
    app = create_app(ApiSettings.from_mapping({"JWT_SECRET": SECRET, "RUNCAST_SQLITE_PATH": path}))
    async with app.router.lifespan_context(app):
        await app.state.store.ping()
    assert opened == ["redis://127.0.0.1:6379/0", "closed"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RUNCAST_MAX_BODY_BYTES", "much"),
        ("RUNCAST_CALLBACK_NETWORKS", "10.0.0.0/8,somewhere"),
        ("RUNCAST_GLOBAL_FALLBACK", "perhaps"),
        ("JWT_SECRET", "weak"),
        ("RUNCAST_ALLOWED_HOSTS", "http://a.example"),
        ("RUNCAST_ALLOWED_HOSTS", "a.example:3000"),
        ("RUNCAST_ALLOWED_HOSTS", "*a.example"),
        ("RUNCAST_ALLOWED_HOSTS", "a.example,,b.example"),
        ("RUNCAST_GATEWAY_ORIGIN", "gateway.example"),
        ("RUNCAST_GATEWAY_ORIGIN", "*"),
        ("RUNCAST_GATEWAY_ORIGIN", "loopback"),
        ("RUNCAST_GATEWAY_ORIGIN", "wss://gateway.example"),
        ("RUNCAST_GATEWAY_ORIGIN", "https://*.example"),
        ("RUNCAST_GATEWAY_ORIGIN", "https://gateway.example/"),
        ("RUNCAST_GATEWAY_ORIGIN", "https://gateway.example:443"),
        ("RUNCAST_GATEWAY_ORIGIN", "https://gateway.example; script-src *"),
        ("RUNCAST_GATEWAY_ORIGIN", "https://[::1]:3000"),
        ("RUNCAST_GATEWAY_ORIGIN", "https://a.example,,https://b.example"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(name, value):
    """Settings that make no sense raise an error with the variable's name."""
    with pytest.raises(SettingError, match=name):
        ApiSettings.from_mapping({"JWT_SECRET": SECRET, name: value})


def test_secrets_in_settings_do_not_print():
    """The callback token and the secret of tokens are hidden in the settings' representation."""
    settings = ApiSettings.from_mapping({"JWT_SECRET": SECRET, "RUNCAST_CALLBACK_TOKEN": "tell nobody"})
    assert SECRET not in repr(settings)
    assert "tell nobody" not in repr(settings)


def _raising(error: Exception) -> Any:
    async def verb(*_: Any, **__: Any) -> Any:
        raise error

    return verb
