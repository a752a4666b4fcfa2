"""Our memory: what we applied, what we are about to do, what was done, and who may write.

Adapters behind ``ports.Record`` and ``ports.Leases``: ``memory`` (reference) and ``sql`` (opened by ``state``).
Nothing is imported here, so that whoever needs the reference adapter does not pay for SQLAlchemy.
"""
