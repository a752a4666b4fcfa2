"""Alembic's environment: runs the revisions on the connection, and in the transaction, that ``schema`` opened.

Not here: opening a database; there is no offline mode, since a record is only ever migrated where it is used.
"""

from alembic import context

from stagemail.record.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
