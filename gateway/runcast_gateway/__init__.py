"""The gateway: authenticates dashboard sockets and relays their organization's events. It has no store."""
