"""What the tests of an execution's page share."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.browser.execution.at_execution import Gate, Talk


@pytest.fixture
def gate(tmp_path: Path) -> Callable[[], Gate]:
    """Makes gates, each closed at first."""
    return lambda: Gate(tmp_path / uuid4().hex)


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(tmp_path / uuid4().hex)
