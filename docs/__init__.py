"""The documentation, and ``python -m docs``, which writes the parts of it that are made from the code."""
