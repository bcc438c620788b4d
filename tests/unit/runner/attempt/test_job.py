"""From a stored request to a container's variables and limits."""

from dataclasses import replace

import pytest

from runcast_core.access.job_tokens import JobTokens
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import SettingError
from runcast_core.model.executions import Execution
from runcast_runner.attempt.job import job_of, limits
from runcast_runner.attempt.self_report import self_report
from runcast_runner.executors.executor import Limits
from runcast_runner.settings import RunnerSettings
from runcast_runner.variables import environment, secret_values

SETTINGS = RunnerSettings.from_mapping({"RUNCAST_MEMORY_MB": "512", "RUNCAST_CPUS": "2", "RUNCAST_PIDS": "100"})


@pytest.mark.parametrize(
    ("request_fields", "config", "variables"),
    [
        ({}, {}, {}),
        ({"folder": "all", "tests": ["a", "b c"]}, {}, {"FOLDER": "all", "TESTS": "a b c"}),
        ({"tests": []}, {}, {}),
        ({}, {"baseUrl": "https://example.com"}, {"BASE_URL": "https://example.com"}),
        ({}, {"environment": "staging"}, {"ENVIRONMENT": "staging"}),
        ({}, {"environment": {"A": "1"}}, {"A": "1"}),
        ({}, {"envVars": {"A": 1, "B": True, "C": 1.5, "D": ""}}, {"A": "1", "B": "true", "C": "1.5", "D": ""}),
        ({}, {"envVars": {"A": "plain"}, "secrets": {"A": "secret"}}, {"A": "secret"}),
        ({}, {"baseUrl": "https://a", "envVars": {"BASE_URL": "https://b"}}, {"BASE_URL": "https://b"}),
        (
            {},
            {"envVars": {"A": {"value": 1, "secret": True}}, "environment": {"B": {"value": "b", "secret": False}}},
            {"A": "1", "B": "b"},
        ),
        ({}, {"retryAttempts": 3}, {}),
    ],
)
def test_a_request_becomes_variables(request_fields, config, variables):
    """Each part has its name, values are text, and the user's own win."""
    assert environment("t", request_fields, config) == {"RUNCAST_TASK_ID": "t", **variables}


def test_a_job_is_told_how_to_report_on_itself():
    """Who it is, where the api is if that is set, and a token if there is a secrets key; its own variables win. What a
    token is worth something by is a secret, of earlier keys, too."""
    execution = Execution("org", "t", "img", 1, 1, request={"image": "img"}, attempt=2)
    tokens = JobTokens(["a" * 32, "b" * 32])
    settings = RunnerSettings.from_mapping({"RUNCAST_API_URL": "https://runcast.example"})
    report = self_report(execution, settings, tokens)
    assert report.variables == {
        "RUNCAST_ORGANIZATION_ID": "org",
        "RUNCAST_API_URL": "https://runcast.example",
        "RUNCAST_JOB_TOKEN": tokens.issue(execution.attempt_key),
    }
    assert set(report.secrets) >= set(tokens.every(execution.attempt_key))
    assert not any(secret in repr(report) for secret in report.secrets)
    job = job_of(execution, settings, report.variables)
    assert job.environment == report.variables | {"RUNCAST_TASK_ID": "t"}
    own = {"RUNCAST_JOB_TOKEN": "mine", "RUNCAST_API_URL": "u", "RUNCAST_ORGANIZATION_ID": "o", "RUNCAST_TASK_ID": "i"}
    request = {"image": "img", "config": {"envVars": own}}
    assert job_of(replace(execution, request=request), settings, report.variables).environment == own
    assert self_report(execution, SETTINGS, None).variables == {"RUNCAST_ORGANIZATION_ID": "org"}
    assert self_report(execution, SETTINGS, None).secrets == []


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, Limits(512, 2, 100)),
        ({"memoryMb": 64, "cpus": 0.5, "pids": 10}, Limits(64, 0.5, 10)),
        ({"memoryMb": 4096, "cpus": 64, "pids": 9999}, Limits(512, 2, 100)),
    ],
)
def test_resources_are_capped_by_the_settings(resources, expected):
    """A request may ask for less than the settings, never for more."""
    assert limits(resources, SETTINGS) == expected


def test_a_job_names_its_attempt():
    """An executor gets what it needs, and nothing of the request beside it."""
    now = now_ms()
    execution = Execution("org", "t", "img", now, now, request={"image": "img", "command": ["a"]}, attempt=2)
    job = job_of(execution, SETTINGS)
    assert (job.organization_id, job.task_id, job.attempt, job.image, job.command) == ("org", "t", 2, "img", ["a"])


@pytest.mark.parametrize(
    ("host", "allow", "allowed"),
    [("127.0.0.1", "", True), ("::1", "", True), ("0.0.0.0", "", False), ("0.0.0.0", "1", True)],
)
def test_processes_are_allowed_on_loopback_only(host, allow, allowed):
    """Unless `RUNCAST_ALLOW_PROCESS` lifts that."""
    settings = RunnerSettings.from_mapping({"RUNCAST_HOST": host, "RUNCAST_ALLOW_PROCESS": allow})
    assert settings.process_allowed is allowed


def test_each_runner_notes_its_processes_in_a_folder_of_its_own():
    """The same one after a restart, so that it ends what it left, and never what another runner of this host runs."""
    first, again, second = (RunnerSettings.from_mapping({"RUNCAST_RUNNER_ID": name}) for name in ("a/..", "a/..", "b"))
    assert first.process_folder == again.process_folder != second.process_folder
    assert first.process_folder.startswith("/tmp/runcast-processes-")
    assert "/" not in first.process_folder.removeprefix("/tmp/")
    assert RunnerSettings.from_mapping({"RUNCAST_PROCESS_DIR": "/x"}).process_folder == "/x"


@pytest.mark.parametrize(
    ("text", "pools"),
    [("", ("default",)), ("gpu", ("gpu",)), (" gpu, default ,,gpu", ("gpu", "default")), ("a.b_c-1", ("a.b_c-1",))],
)
def test_a_runner_serves_the_pools_of_its_setting(text, pools):
    """Separated by commas; without any, the default one."""
    assert RunnerSettings.from_mapping({"RUNCAST_POOLS": text}).pools == pools


@pytest.mark.parametrize("text", [",", "a b", "x" * 65, "gpu,ä", ",".join(map(str, range(33)))])
def test_pools_that_cannot_be_stop_the_start(text):
    """The error names the variable."""
    with pytest.raises(SettingError, match="RUNCAST_POOLS"):
        RunnerSettings.from_mapping({"RUNCAST_POOLS": text})


@pytest.mark.parametrize("name", ["RUNCAST_CONCURRENCY", "RUNCAST_LEASE_MS", "RUNCAST_EXECUTOR", "RUNCAST_DRAIN"])
def test_a_wrong_setting_is_named(name):
    """The error says which variable."""
    with pytest.raises(SettingError, match=name):
        RunnerSettings.from_mapping({name: "-1"})


def test_secret_values_are_those_of_secrets_and_the_flagged_ones():
    """As the container gets them, also where another value hides them."""
    flagged, open_ = {"value": 1.5, "secret": True}, {"value": "open", "secret": False}
    config = {"environment": {"A": flagged}, "envVars": {"A": "x", "B": open_, "C": {"value": "c", "secret": True}}}
    assert secret_values({"config": {**config, "secrets": {"D": "d", "E": True}}}) == ["1.5", "c", "d", "true"]
    assert secret_values({"config": {"environment": "staging"}}) == secret_values({}) == []
