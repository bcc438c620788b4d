"""The api: accounts, executions, output and the callbacks of the replaced system's workers, over HTTP."""
