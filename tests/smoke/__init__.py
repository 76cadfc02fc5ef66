"""Real nodes through pytest-celery; its plugin is loaded in this folder only."""
