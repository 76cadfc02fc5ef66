"""The Celery fleet from outside: its broker, its queues, its parked jobs, its consumers."""
