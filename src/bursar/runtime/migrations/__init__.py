"""The schema's history, by Alembic: `migrate()` brings a database to the newest revision.

Migrations never create extensions: the embedded PostgreSQL carries none.
"""
