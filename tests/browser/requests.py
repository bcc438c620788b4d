"""Requests with settings, in somebody's name."""

from typing import Any

from tests.browser.person import Person


def request(person: Person, command: str, image: str = "local", **config: Any) -> str:
    """Request an execution with these settings; return its id."""
    body = {"image": image, "command": command, "config": config}
    return str(person.call("POST", "/api/execution-request", body)["taskId"])
