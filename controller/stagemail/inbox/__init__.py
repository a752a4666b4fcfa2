"""An inbox that accepts every message and delivers none: SMTP server, its store, and an HTTP API to look into it.

Not here: the command line (``cli.inbox``), showing messages (``report.inbox``).
"""
