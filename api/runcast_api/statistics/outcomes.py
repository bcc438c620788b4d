"""Counts how executions ended, and how long they took."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from runcast_core.model.executions import TERMINAL, Status
from runcast_core.model.statistics import Ended
from runcast_core.model.wire.statistics import StatusCounts


def outcome(ends: Sequence[Ended]) -> dict[str, Any]:
    """Return the fields of an `Outcome`."""
    counts = Counter(end.status for end in ends)
    durations = sorted(duration for end in ends if (duration := end.duration_ms) is not None)
    return {
        "executions": len(ends),
        "counts": StatusCounts(**{status.value: counts[status] for status in TERMINAL}),
        "pass_rate": _pass_rate(counts),
        "p50_ms": percentile(durations, 50),
        "p95_ms": percentile(durations, 95),
    }


def percentile(ascending: Sequence[int], percent: int) -> int | None:
    """Return the lowest of them that at least so many per cent do not exceed; None of none."""
    rank = -(-len(ascending) * percent // 100)
    return ascending[rank - 1] if ascending else None


def _pass_rate(counts: Counter[Status]) -> float | None:
    """Somebody's wish to stop says nothing of the image."""
    judged = counts.total() - counts[Status.CANCELLED]
    return round(counts[Status.PASSED] / judged, 4) if judged else None


def grouped(ends: Iterable[tuple[Any, Ended]]) -> dict[Any, list[Ended]]:
    """Return the ends by their keys, in the order in which each key came first."""
    groups: dict[Any, list[Ended]] = {}
    for key, end in ends:
        groups.setdefault(key, []).append(end)
    return groups
