"""What the bucket does not have: the site's own page for it, in the language of the address."""

from typing import Any

from lambdas.platform.services import Services
from lambdas.web.admission import Admitted


def missing_page(request: Admitted, services: Services) -> dict[str, Any] | None:
    """The published 404 page with status 404; None for the API's paths, for writes, and where no site is published."""
    if request.method not in {"GET", "HEAD"} or request.path.startswith("/api/"):
        return None
    creator = services.creator
    page = creator.path("/404/", creator.language_or_own(request.path.split("/")[1]))
    html = services.site.read(f"{page.lstrip('/')}index.html")
    if html is None:
        return None
    return {
        "statusCode": 404,
        "headers": {"content-type": "text/html; charset=utf-8"},
        "body": html.decode(),
        "isBase64Encoded": False,
    }
