"""The pages below /_local/: what stands in for the world outside while the platform runs on a laptop."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from lambdas.core.creator import Creator
from lambdas.web import edge
from local.mailbox import Mail

PAGES = Path(__file__).with_name("pages")

# A mail's HTML is a stranger's: no script, nothing from the net, and it can touch neither tools nor site.
_MAIL_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
_PAGE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; frame-src 'self'; img-src data:; style-src 'self'"
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": _PAGE_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": edge.FIXED_HEADERS["permissions-policy"],
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, kw_only=True)
class Tool:
    name: str
    path: str
    purpose: str


TOOLS = (
    Tool(name="Inbox", path="/_local/inbox", purpose="All mail the platform has sent, in HTML, plain text and whole."),
)


def tools_app(*, creator: Creator, endpoint: str, mail: Callable[[], list[dict[str, Any]]]) -> Starlette:
    """The ASGI app of these pages. `mail` gives SES's records, the newest first; `endpoint` is where AWS is."""
    pages = Environment(loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined)

    def page(template: str, *, here: str = "", **context: Any) -> Response:
        html = pages.get_template(template).render(
            creator=creator, endpoint=endpoint, tools=TOOLS, here=here, **context
        )
        return HTMLResponse(html, headers=_HEADERS)

    def mails() -> list[Mail]:
        return [Mail.from_record(record) for record in mail()]

    def one(request: Request) -> Mail:
        found = next((m for m in mails() if m.id == request.path_params["id"]), None)
        if found is None:
            raise HTTPException(404)
        return found

    def index(_: Request) -> Response:
        return page("index.html.j2", here="/_local/")

    def inbox(_: Request) -> Response:
        return page("inbox.html.j2", here="/_local/inbox", mails=mails())

    def inbox_json(_: Request) -> Response:
        return JSONResponse([m.as_json() for m in mails()], headers=_HEADERS)

    def read(request: Request) -> Response:
        return page("mail.html.j2", mail=one(request))

    def html(request: Request) -> Response:
        here = f"{request.url.scheme}://{request.url.netloc}/"
        body = one(request).html.replace(f'href="{creator.origin}/', f'href="{here}')
        body = body.replace("<head>", '<head><base target="_blank">', 1)
        return HTMLResponse(body, headers={**_HEADERS, "content-security-policy": _MAIL_POLICY})

    def raw(request: Request) -> Response:
        message = one(request).raw
        if message is None:
            raise HTTPException(404)
        return PlainTextResponse(message, headers=_HEADERS)

    def style(_: Request) -> Response:
        return Response((PAGES / "style.css").read_bytes(), media_type="text/css", headers=_HEADERS)

    def missing(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return PlainTextResponse("There is nothing here.\n", error.status_code, headers=_HEADERS)

    def unavailable(_: Request, error: Exception) -> Response:
        return PlainTextResponse("The local AWS does not answer. Wait a moment and try again.\n", 503, headers=_HEADERS)

    return Starlette(
        routes=[
            Route("/_local/", index),
            Route("/_local/inbox", inbox),
            Route("/_local/inbox/", lambda _: RedirectResponse("/_local/inbox", headers=_HEADERS)),
            Route("/_local/inbox.json", inbox_json),
            Route("/_local/inbox/{id}", read),
            Route("/_local/inbox/{id}/html", html),
            Route("/_local/inbox/{id}/raw", raw),
            Route("/_local/style.css", style),
        ],
        exception_handlers={HTTPException: missing, OSError: unavailable},
    )
