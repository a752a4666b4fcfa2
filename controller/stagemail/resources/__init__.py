"""The YAML shapes that people write: one pydantic model per kind, and the JSON Schemas generated from them.

Import the module that you need; this package imports nothing, so that the hot path never loads pydantic.
Not here: reading YAML (``document``), judging documents (``source``), meaning across files (``source.assemble``).
"""
