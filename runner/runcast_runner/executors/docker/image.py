"""Pulls an image. Blocks for as long as the registry makes the engine wait: call it in a daemon thread."""

import threading
from contextlib import closing
from typing import Any

from docker.errors import DockerException, StreamParseError


def pull(client: Any, image: str, abandoned: threading.Event) -> None:
    """Have the engine pull the image, of the tag `latest` unless it names one; end early once abandoned.

    Raises `DockerException` with the registry's words, also for what fails in the middle, which the SDK's own
    `images.pull` leaves out. Closing the stream tells the engine to stop.
    """
    try:
        with closing(client.api.pull(image, stream=True, decode=True)) as progress:
            for step in progress:
                if abandoned.is_set():
                    return
                if "error" in step:
                    raise DockerException(step["error"])
    except StreamParseError as exc:
        raise DockerException("the container engine's answer broke off") from exc
