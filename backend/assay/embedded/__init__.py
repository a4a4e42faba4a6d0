"""Starts, supervises and stops the parts that embedded mode brings along."""
