"""Failpoints: stagemail is stopped before and after every external effect, started again, and has to converge.

The list is derived from the code (``effects``), the code is instrumented as it is imported (``instrument``), and a
warmed process forks one child per case (``launcher``). The product knows nothing of it. ``python -m tests.failpoints``
plays the whole matrix and the random kills; ``pytest tests/failpoints`` a short form.
"""
