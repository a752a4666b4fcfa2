"""Wiring: from the operator file to a working installation. The only place that knows everyone."""
