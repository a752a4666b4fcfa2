"""Alembic's own folder; nothing here is imported by stagemail itself."""
