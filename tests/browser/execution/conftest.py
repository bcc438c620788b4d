"""What the tests of an execution's page share."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.browser.execution.at_execution import Gate


@pytest.fixture
def gate(tmp_path: Path) -> Callable[[], Gate]:
    """Makes gates, each closed at first."""
    return lambda: Gate(tmp_path / uuid4().hex)
