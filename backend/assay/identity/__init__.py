"""Who calls: tenants, members, sessions and API keys, verified into a `Caller`."""
