"""Whose folder of notes a runner trusts."""

import os
from pathlib import Path

import pytest

from runcast_core.model.errors import SettingError
from runcast_runner.executors.process.notes import ProcessNotes


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_notes_in_a_strangers_folder_are_not_followed(tmp_path: Path):
    """Anybody may have made the folder in /tmp first, and would choose what is killed."""
    folder = tmp_path / "notes"
    ProcessNotes(folder).prepare()
    ProcessNotes(folder).prepare()
    os.chown(folder, 65534, 65534)
    with pytest.raises(SettingError, match="belongs to another user"):
        ProcessNotes(folder).prepare()
