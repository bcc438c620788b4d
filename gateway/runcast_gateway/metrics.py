"""What a gateway counts. Labels are bounded: reasons are constants, organizations are those connected now."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class GatewayMetrics:
    """The gateway's counters on one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.authentication_errors = Counter(
            "runcast_gateway_authentication_errors", "Refused sockets", ["reason"], registry=registry
        )
        self.sockets = Gauge(
            "runcast_gateway_sockets", "Sockets connected now, per organization", ["organization"], registry=registry
        )
        self.relayed = Counter("runcast_gateway_events_relayed", "Events taken from the bus", registry=registry)
        self.deliveries = Counter("runcast_gateway_deliveries", "Events queued to sockets", registry=registry)
        self.gaps = Counter("runcast_gateway_gaps", "Interrupted subscriptions of organizations", registry=registry)
        self.slow_sockets = Counter(
            "runcast_gateway_slow_sockets", "Sockets closed over their bound", registry=registry
        )
        self.shed_sockets = Counter(
            "runcast_gateway_shed_sockets", "Times that output was kept from a slow socket", registry=registry
        )
        self.repaired_gaps = Counter("runcast_gateway_repaired_gaps", "Gaps filled from the journal", registry=registry)
        self.recovered = Counter(
            "runcast_gateway_recovered", "Sockets that were replayed the journal", registry=registry
        )
        self.broken_recoveries = Counter(
            "runcast_gateway_broken_recoveries", "Replays that the journal could not complete", registry=registry
        )
        self.refused = Counter(
            "runcast_gateway_refused",
            "What clients were refused, over a bound or for a bad word",
            ["reason"],
            registry=registry,
        )
        self.misrouted = Counter(
            "runcast_gateway_misrouted_events", "Events kept from a socket of another organization", registry=registry
        )
        self.refused_emits = Counter(
            "runcast_gateway_refused_emits", "Emits on the socketio channel with a reserved name", registry=registry
        )

    def refuse(self, reason: str) -> None:
        self.refused.labels(reason).inc()

    def count_sockets(self, organization_id: str, count: int) -> None:
        """Note how many there are now; the last one to leave takes the organization's label with it."""
        if count:
            self.sockets.labels(organization_id).set(count)
        else:
            self.sockets.remove(organization_id)
