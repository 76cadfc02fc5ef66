import guard
from shop import caption


def describe(image):
    try:
        caption.delay(image)
    except guard.MaintenanceActive as refused:
        return refused.message, 503, {"Retry-After": str(refused.retry_after)}
    return "In a moment", 202


def describe_later(image):
    return caption.apply_async((image,), when_closed="hold")  # rather wait than be refused
