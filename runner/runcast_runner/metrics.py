"""What a runner counts."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class RunnerMetrics:
    """The runner's counters on one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.running = Gauge("runcast_runner_running", "Executions running now", registry=registry)
        self.ended = Counter(
            "runcast_runner_ended", "Executions that left this runner, by how", ["status"], registry=registry
        )
        self.expired = Counter("runcast_runner_expired", "Attempts of lost runners ended here", registry=registry)
        self.resumed = Counter(
            "runcast_runner_resumed",
            "Executions of an earlier runner of this name that go on",
            registry=registry,
        )
        self.orphans = Counter("runcast_runner_orphans", "Jobs without a live execution removed", registry=registry)
        self.stored = Counter("runcast_runner_chunks_stored", "Chunks of output stored", registry=registry)
        self.unpublished = Counter(
            "runcast_runner_chunks_unpublished", "Chunks of output stored but not published", registry=registry
        )
        self.spilled = Counter(
            "runcast_runner_chunks_spilled", "Chunks of output put on disk as the store was down", registry=registry
        )
        self.spill_bytes = Gauge("runcast_runner_spill_bytes", "Output on disk now", registry=registry)
