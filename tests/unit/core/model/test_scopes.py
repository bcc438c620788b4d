"""What a narrowed API key may run: by no spelling more than was meant."""

import re

import pytest

from runcast_core.model.scopes import EVERYTHING, IMAGE_PATTERN, Scope

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("pattern", "allowed", "refused"),
    [
        (
            "alpine",
            ["alpine"],
            ["alpine:latest", "library/alpine", "docker.io/library/alpine", "Alpine", "alpine:3", f"alpine@{DIGEST}"],
        ),
        ("docker.io/library/alpine:3", ["docker.io/library/alpine:3"], ["alpine:3", "docker.io/library/alpine:3.1"]),
        (f"app@{DIGEST}", [f"app@{DIGEST}"], ["app", f"app:1@{DIGEST}", f"app@{DIGEST[:-1]}"]),
        (
            "alpine*",
            ["alpine", "alpine:3", f"alpine@{DIGEST}", f"alpine:3@{DIGEST}", "alpine-mirror"],
            [
                "alpine/x",
                "alpine.example/x",
                "alpine:5000/x",
                "alpine-mirror/x",
                "x/alpine",
                "docker.io/library/alpine",
            ],
        ),
        (
            "alpine:*",
            ["alpine:3", "alpine:latest"],
            ["alpine", "alpine:5000/x", f"alpine:3@{DIGEST}", f"alpine@{DIGEST}"],
        ),
        ("alpine:3*", ["alpine:3", "alpine:3.20", "alpine:30"], [f"alpine:3@{DIGEST}", "alpine:3/x", "alpine:2"]),
        ("alpine@sha256:*", [f"alpine@{DIGEST}"], ["alpine", "alpine:3", f"alpine:3@{DIGEST}"]),
        (
            "ghcr.io/acme/*",
            ["ghcr.io/acme/app", "ghcr.io/acme/a/b:1", f"ghcr.io/acme/app:1@{DIGEST}"],
            [
                *(
                    "ghcr.io/acme",
                    "ghcr.io/acme-evil/app",
                    "ghcr.io/acme/../evil/app",
                    "ghcr.io/acme/",
                    "ghcr.io/acme//x",
                ),
                *("ghcr.io/acme/./x", "ghcr.io/acme/:x", "GHCR.io/acme/app", "evil/ghcr.io/acme/app"),
            ],
        ),
        ("ghcr.io/acme/app*", ["ghcr.io/acme/app:1", "ghcr.io/acme/app-2"], ["ghcr.io/acme/app/x", "ghcr.io/acme/ap"]),
        ("ghcr.io/acme/app:1*", ["ghcr.io/acme/app:1.2"], [f"ghcr.io/acme/app:1@{DIGEST}", "ghcr.io/acme/app:1/x"]),
        ("reg:5000/a*", ["reg:5000/app:1", f"reg:5000/app:1@{DIGEST}"], ["reg:5000/app/x", "reg:5001/app"]),
        ("reg:5000*", ["reg:5000", "reg:50001"], ["reg:5000/x", "reg:50001/x"]),
        ("acme/*", ["acme/app"], ["acme.example/app", "acme"]),
        ("c*", ["cafe-app", "coffee:1"], ["cafe", "c0ffee", "c"]),
        ("sha*", ["sha-app"], [DIGEST, "sha256:ab"]),
        ("sha256:*", [], [DIGEST]),
        (DIGEST, [DIGEST], ["ab" * 32]),
        ("cafe", ["cafe"], ["cafe1"]),
        ("*", ["alpine", "evil.example/x", DIGEST, "cafe", "local"], []),
    ],
)
def test_an_image_is_compared_as_it_is_requested(pattern: str, allowed: list[str], refused: list[str]):
    """Whole, or as what a `*` at the end may stand for: never another registry, account, digest or image by its id."""
    assert re.fullmatch(IMAGE_PATTERN, pattern)
    scope = Scope(images=("other", pattern))
    assert [image for image in allowed if not scope.allows(image, "default")] == []
    assert [image for image in refused if scope.allows(image, "default")] == []


@pytest.mark.parametrize("pattern", ["", "a*b", "**", "a**", "*a", "/a", "-a", "a b", "a\n", "\u00fc", "a*\n"])
def test_what_no_reference_can_be_is_no_pattern(pattern: str):
    """A star stands at the end, once."""
    assert not re.fullmatch(IMAGE_PATTERN, pattern)


def test_pools_are_names():
    """Exact ones; both image and pool have to be allowed."""
    scope = Scope(("gpu", "default"), ("alpine",))
    assert scope.allows("alpine", "gpu")
    assert scope.allows("alpine", "default")
    assert not scope.allows("alpine", "gp")
    assert not scope.allows("alpine", "GPU")
    assert not scope.allows("busybox", "gpu")
    assert Scope(("gpu",)).allows("anything", "gpu")
    assert not Scope(("*",)).allows("anything", "gpu")


def test_without_any_all_are_meant():
    """Also an execution of which nobody knows the image; a narrower key is not for that."""
    assert EVERYTHING.allows(None, "default")
    assert Scope() == EVERYTHING
    assert not Scope(images=("*",)).allows(None, "default")


def test_it_says_what_it_allows():
    """For people."""
    assert str(Scope(("gpu", "p"), ("alpine:3", "acme/*"))) == "images: alpine:3, acme/*; pools: gpu, p"
    assert str(Scope(("gpu",))) == "pools: gpu"
