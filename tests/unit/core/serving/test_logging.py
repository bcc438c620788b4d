"""What a line of the log is, whatever an event brings."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from runcast_core.serving.logging import configure_logging


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("value", ["text", "\ud800", 2**70, None, {"nested": [1.5]}])
def test_an_event_is_one_line_of_json(value: object, capsys: pytest.CaptureFixture[str]):
    """Lone surrogates and large numbers too, which not every encoder takes."""
    configure_logging("json", "info")
    structlog.get_logger().info("Something", value=value)
    line = json.loads(capsys.readouterr().err)
    assert line == {"event": "Something", "level": "info", "timestamp": line["timestamp"], "value": value}


def test_what_json_does_not_know_is_shown_as_python_shows_it(capsys: pytest.CaptureFixture[str]):
    """An object, or a set, is no reason to lose the line."""
    configure_logging("json", "info")
    structlog.get_logger().info("Something", value={1})
    assert json.loads(capsys.readouterr().err)["value"] == "{1}"
