"""Review of a message's text and format: pure, from bytes to findings. Nothing is fetched and nothing is sent.

Not here: reading files, the stage's configuration (``cli.review``), rendering (``report``).
"""
