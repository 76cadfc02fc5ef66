"""docs/emergency.md."""

from celery import Celery

import guard

app = Celery("shop", broker="redis://localhost:6379/0")
maintenance = guard.install(app)
converted = []
forgotten = []


def convert(path):
    converted.append(path)


def forget_temporary_files():
    forgotten.append(len(converted))


# region: stops
@app.task(operation="image_processing", resumable=True)
def convert_all(paths):
    with guard.on_stop(forget_temporary_files):
        for path in paths:
            guard.checkpoint()  # stops here, by an exception, once the job was asked to
            convert(path)


# endregion
