"""The three services composed into one process for one machine: `runcast up` and the demo."""
