"""The operator's side: health, readiness, metrics."""
