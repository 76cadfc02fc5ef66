"""`celery -A yourapp maintenance …`: the guard on the command line, inside Celery's own."""
