import time

from celery import Celery

import guard

app = Celery("shop", broker="redis://localhost:6379/0", backend="redis://localhost:6379/1")
maintenance = guard.install(app)


@app.task(operation="caption_generation")
def caption(image: str) -> str:
    time.sleep(2)
    return f"a picture of {image}"
