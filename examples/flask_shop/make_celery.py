"""`celery -A make_celery worker`: the app for Celery's command line, and `flask --app make_celery run`."""

from shop import create_app

flask_app = create_app()
celery_app = flask_app.extensions["celery"]
