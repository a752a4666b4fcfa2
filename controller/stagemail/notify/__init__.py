"""Notifications: implementations of ``ports.Notifier``."""
