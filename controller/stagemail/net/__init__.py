"""What every HTTP client of ours is held to. Not here: what is asked (``target``, ``host``, ``mail``)."""
