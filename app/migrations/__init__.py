"""Alembic migrations of the app's database."""
