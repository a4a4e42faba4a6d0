"""Documents: upload, status, delete, and the pipeline that makes them searchable."""
