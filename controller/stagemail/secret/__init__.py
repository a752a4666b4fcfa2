"""Secret stores behind ``ports.SecretStore``: one module each, found by entry point.

Each module has ``build(settings, base, environ)``. Not here: who may use which secret (``reconcile.credentials``).
"""
