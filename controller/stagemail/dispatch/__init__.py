"""Dispatchers: who does which job when. Each implements ``ports.Dispatcher``; which one is used, ``wiring`` decides."""
