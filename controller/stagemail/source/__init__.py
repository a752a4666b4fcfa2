"""From a revision or a working tree to each stage's desired state and every problem.

Not here: reading YAML (``document``), speaking to Git (``git``), the shapes (``resources``).
"""
