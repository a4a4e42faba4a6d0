"""Search: hybrid retrieval over the passages of one tenant."""
