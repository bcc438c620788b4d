"""What a process costs: CPU time of all its threads, and resident memory, as Linux counts them."""

from pathlib import Path


class CpuClock:
    """The CPU time of one process, in nanoseconds resolution where `/proc/PID/stat` has hundredths of a second.

    `schedstat` counts one thread, and only while that lives: the last that was seen of a thread which ended is kept.
    """

    def __init__(self, pid: int) -> None:
        self._tasks = Path(f"/proc/{pid}/task")
        self._nanoseconds: dict[str, int] = {}

    def seconds(self) -> float:
        for task in self._tasks.iterdir():
            try:
                self._nanoseconds[task.name] = int((task / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue  # ended between the two
        return sum(self._nanoseconds.values()) / 1e9


def resident_kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
