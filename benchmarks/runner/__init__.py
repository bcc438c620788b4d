"""From a container's output to a client: the runner beside what it replaces, and beside the engine itself."""
