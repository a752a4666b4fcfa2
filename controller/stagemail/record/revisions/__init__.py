"""The steps from one schema of the record to the next, in order, run by Alembic."""
