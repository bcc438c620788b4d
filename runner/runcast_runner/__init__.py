"""The runner: claims executions, runs them, streams their output, and ends them."""
