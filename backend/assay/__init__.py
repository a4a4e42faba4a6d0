"""Assay, a multi-tenant AI analyzer: documents in, answers that can be checked out."""

__version__ = "0.1.0"
