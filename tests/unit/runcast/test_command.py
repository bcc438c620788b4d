"""The `runcast` command where something is missing."""

import sys

import pytest
from click.testing import CliRunner

from runcast.command import main


@pytest.mark.parametrize("command", ["up", "demo"])
def test_without_its_extra_a_command_says_what_to_install(monkeypatch, command):
    """An installation of one service's extra has no `runcast_services` that could be imported."""
    monkeypatch.setitem(sys.modules, f"runcast_services.{command}", None)
    result = CliRunner().invoke(main, [command])
    assert result.exit_code == 1
    assert "pip install 'runcast[embedded]'" in result.output
