"""What an api counts."""

from prometheus_client import CollectorRegistry, Counter


class ApiMetrics:
    """The api's counters on one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.fallbacks = Counter(
            "runcast_api_global_fallbacks", "Callbacks sent to every organization", ["event"], registry=registry
        )
        self.authentication_errors = Counter(
            "runcast_api_authentication_errors", "Calls answered with 401", ["code"], registry=registry
        )
