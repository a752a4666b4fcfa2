"""The command line: one module per verb, each parses, calls one use case and renders."""
