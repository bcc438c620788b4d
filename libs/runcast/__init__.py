"""What users type: the `runcast` command."""
