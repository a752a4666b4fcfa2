"""Mail servers: the SMTP session, preflight, test messages, and what providers' replies mean.

Not here: which secrets may be used (``reconcile.credentials``), which stage asks (``reconcile.preflight``).
"""
