"""Where a phase is shown."""

import pytest

from runcast_core.model.executions import Execution, Phase, Status
from runcast_core.model.wire.executions import ExecutionState
from runcast_core.model.wire.shape import encode


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("phase", [None, *Phase])
def test_a_phase_is_shown_of_what_runs_only(status: Status, phase: Phase | None):
    """Whatever a record says; without one the field is left out."""
    shown = encode(ExecutionState.of(Execution("a", "t", None, 1, 1, status=status, phase=phase)))
    expected = f'"phase":"{phase}"'.encode() if phase and status is Status.RUNNING else b""
    assert expected in shown
    assert (b"phase" in shown) is bool(expected)
