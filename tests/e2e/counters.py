"""What a gateway counts, read as a monitoring system reads it."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.parts.conditions import until

SECONDS = 20


async def counted(url: str, name: str, **labels: str) -> float:
    """Return one of a gateway's counters or gauges; 0 where it has not counted yet."""
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"{url}/metrics", timeout=SECONDS)).text
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == f"runcast_gateway_{name}" and sample.labels == labels:
                return sample.value
    return 0


async def until_counted(url: str, name: str, least: float, **labels: str) -> None:
    """Wait until it is at least so much."""

    async def reached() -> bool:
        return await counted(url, name, **labels) >= least

    await until(reached)


async def until_gone(url: str, organization_id: str, left: int = 0) -> None:
    """Wait until no more than so many sockets of the organization are there."""

    async def gone() -> bool:
        return await counted(url, "sockets", organization=organization_id) <= left

    await until(gone)
