"""The three gates: publish, receipt, start. Signals only observe, since Celery swallows what they raise."""
