"""The secrets of an embedded installation."""

import json
import os
from pathlib import Path

import pytest

from runcast_core.model.errors import SettingError
from runcast_core.serving.settings import SecretsSettings
from runcast_services.data_directory import load_secrets


def test_secrets_are_made_once(tmp_path: Path):
    """With mode 0600; the next start reads the same."""
    made = load_secrets(tmp_path)
    names = {"JWT_SECRET", "RUNCAST_DEMO_PASSWORD", "RUNCAST_SECRETS_KEY", "RUNCAST_CALLBACK_TOKEN"}
    assert made.keys() == names
    assert len(set(made.values())) == len(names)
    assert load_secrets(tmp_path) == made
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("more", [{}, {"RUNCAST_SECRETS_KEY": "a key of thirty-two characters or more"}])
def test_a_file_of_an_earlier_version_gets_what_came_later(tmp_path: Path, more: dict[str, str]):
    """The key of stored secrets, the callbacks' token: once, with mode 0600; what it holds already stays."""
    old = {"JWT_SECRET": "old", "RUNCAST_DEMO_PASSWORD": "demo", **more}
    (tmp_path / "secrets.json").write_text(json.dumps(old))
    loaded = load_secrets(tmp_path)
    assert loaded.items() >= old.items()
    assert len(loaded["RUNCAST_CALLBACK_TOKEN"]) == 43
    assert len(SecretsSettings.from_mapping(loaded).secrets_keys) == 1
    assert load_secrets(tmp_path) == loaded
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_crash_while_they_are_written_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The file appears only once it is on the disk; the next start makes them anew."""

    def crash(_descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", crash)
        with pytest.raises(KeyboardInterrupt):
            load_secrets(tmp_path)
    assert not (tmp_path / "secrets.json").exists()
    assert load_secrets(tmp_path)["JWT_SECRET"]


@pytest.mark.parametrize("text", [b"", b'{"JWT_SECRET": "', b"[]", b'{"JWT_SECRET": 1}', b"\xff"])
def test_a_broken_file_is_named(tmp_path: Path, text: bytes):
    """And what to do about it; its content, which may be half a secret, is not told."""
    (tmp_path / "secrets.json").write_bytes(text)
    with pytest.raises(SettingError, match=r"secrets\.json is broken; restore it, or remove it"):
        load_secrets(tmp_path)
