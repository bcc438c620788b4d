"""The runner's HTTP side: its probes, nothing else."""

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from runcast_core.bus.bus import Bus
from runcast_core.serving.probes import probe_routes
from runcast_core.store.store import Store


def create_app(store: Store, bus: Bus, registry: CollectorRegistry) -> Starlette:
    """Return `/livez`, `/readyz` (store and Redis answer) and `/metrics`."""
    return Starlette(routes=probe_routes({"store": store.ping, "redis": bus.ping}, registry))
