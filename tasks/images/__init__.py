"""The image work: pure functions on files, no Celery, no database. Needs Pillow (extra `jobs`)."""
