"""What tenants used and what it cost: metering, the model ledger, cost allocation."""
