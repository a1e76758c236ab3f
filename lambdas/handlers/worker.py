"""The `worker` function: fed by the tables' streams and by schedules."""

from typing import Any

from lambdas.handlers.assembly import logger, services
from lambdas.handlers.work import Worker

_services = services(fresh=True)
worker = Worker(services=_services, logger=logger("worker", _services.creator))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return worker.handle(event)
