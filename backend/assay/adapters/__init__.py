"""One file per outside system, its fake beside it."""
