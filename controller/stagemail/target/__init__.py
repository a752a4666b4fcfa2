"""Targets: adapters that observe and write one platform each. Not here: what should be there (``planning``)."""
