"""The Celery tasks: thin, one module per queue; the work itself is in `tasks.images` and `tasks.captions`."""
