"""How the program of each image is started on this host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from one_host.programs.mariadb import MariaDB
from one_host.programs.ours import Ours
from one_host.programs.prometheus import Prometheus
from one_host.programs.rabbitmq import RabbitMQ
from one_host.programs.redis import Redis

if TYPE_CHECKING:
    from one_host.place import Place
    from one_host.programs.program import Program

_KINDS: dict[str, type[Program]] = {
    "mariadb": MariaDB,
    "redis": Redis,
    "valkey": Redis,
    "rabbitmq": RabbitMQ,
    "prometheus": Prometheus,
}


def program_of(place: Place) -> Program:
    """What runs the service here: by the last part of its image's name; ours when it is built here.

    Raises:
        ValueError: nobody has said yet how to start such an image.
    """
    image = place.service.image
    if not image:
        return Ours(place)
    name = image.rpartition("/")[2].partition(":")[0]
    if name not in _KINDS:
        raise ValueError(f"{place.service.name}: how {image} is started without an engine is not known")
    return _KINDS[name](place)
