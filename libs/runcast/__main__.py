"""`python -m runcast` is the `runcast` command."""

from runcast.command import main

main()
