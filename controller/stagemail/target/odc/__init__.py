"""OutSystems Developer Cloud as a target. ``target.build`` is the entry point ``odc``.

Nothing is imported here, so that ``check`` (pure) can be used without loading an HTTP client.
"""
