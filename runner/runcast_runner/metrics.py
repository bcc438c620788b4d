"""What a runner counts."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class RunnerMetrics:
    """The runner's counters on one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.running = Gauge("runcast_runner_running", "Executions running now", registry=registry)
        self.ended = Counter("runcast_runner_ended", "Executions that ended or were lost", registry=registry)
