"""What an API key may run: in which pools, and of which images."""

import re
from dataclasses import dataclass

IMAGE_PATTERN = r"^(\*|[A-Za-z0-9][A-Za-z0-9._:/@-]*\*?)$"
"""What an image of a scope looks like."""
_ODD = re.compile(r"/[^A-Za-z0-9]|/$")
"""In no reference that an engine knows; what follows a `*` must not lead out of where it stands."""
_ID = re.compile(r"(sha256:)?[0-9a-f]{1,64}")
"""What an engine may take for the id, or the beginning of the id, of any image that it has."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`pools` are names; `images` are references, of which each is compared with the image exactly as it was requested.
    Without any, all are meant.

    A reference is compared by its text: `alpine`, `alpine:latest` and `docker.io/library/alpine` are three, as which
    of them mean the same is up to the engine. One that ends with `*` is of all that begin so, but
    - what `*` stands for holds no `/`, unless the `*` stands right behind one: `acme/*` is all of acme's, while
      `alpine*` is neither `alpine.example/x` nor `alpine-mirror/x`, which are from elsewhere;
    - where a tag is begun before the `*`, what it stands for holds no `@`: `app:1*` is not `app:1@sha256:…`, of which
      an engine takes the digest and not the tag;
    - nothing that an engine may take for an image's id is of it, such as `cafe` of `c*`: those are to be named whole.
    """

    pools: tuple[str, ...] = ()
    images: tuple[str, ...] = ()

    def allows(self, image: str | None, pool: str) -> bool:
        """Tell whether this image may be run in this pool; one that is not known may only where all may."""
        in_pools = not self.pools or pool in self.pools
        return in_pools and (not self.images or (image is not None and any(_is_of(p, image) for p in self.images)))

    def __str__(self) -> str:
        """Say what is allowed, for people."""
        named = (("images", self.images), ("pools", self.pools))
        return "; ".join(f"{name}: {', '.join(allowed)}" for name, allowed in named if allowed)


EVERYTHING = Scope()


def _is_of(pattern: str, image: str) -> bool:
    if not pattern.endswith("*"):
        return image == pattern
    begin = pattern[:-1]
    if not image.startswith(begin):
        return False
    if not begin:
        return True
    rest, component = image[len(begin) :], begin.rpartition("/")[2]
    if ("/" in rest and component) or ("@" in rest and ":" in component):
        return False
    return not _ODD.search(image) and not _ID.fullmatch(image)
