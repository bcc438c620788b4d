"""How a signal looks on the control channel."""

import orjson

from runcast_core.bus.bus import Signal, SignalKind


def encode_signal(signal: Signal) -> bytes:
    message = {"kind": signal.kind, "organizationId": signal.organization_id, "taskId": signal.task_id}
    return orjson.dumps(message | ({"userId": signal.subject} if signal.subject else {}))


def decode_signal(data: bytes) -> Signal | None:
    """Return None for what is no signal, or none that this version knows."""
    try:
        body = orjson.loads(data)
        return Signal(SignalKind(body["kind"]), body["organizationId"], body["taskId"], body.get("userId", ""))
    except (ValueError, KeyError, TypeError):
        return None
