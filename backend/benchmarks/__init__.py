"""Measurements on real documents; each module is run with `python -m` from `backend/`."""
