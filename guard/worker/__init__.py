"""What lives inside a Celery worker: the agent's step, the cordon, the receipt gate, the self-test."""
