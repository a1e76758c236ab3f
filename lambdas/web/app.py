"""One function's web application: from API Gateway's event to its answer.

    edge secret -> origin -> route -> session -> general limit -> permission -> body -> validation -> route's limits -> route

Whatever goes wrong on the way becomes problem+json here, the form's own page for a browser's form, or a page of
its own where a page was asked for.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import Route as ResolverRoute
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError, ResponseValidationError

from lambdas.core.creator import Locale
from lambdas.core.errors import Forbidden, NotSignedIn, PrismError, Unavailable
from lambdas.core.feature import Reference, declared
from lambdas.core.references import load
from lambdas.platform.limits import Limit
from lambdas.platform.logs import path_without_secrets, trace_of
from lambdas.platform.routing import Extras, extras
from lambdas.platform.services import Services
from lambdas.platform.sessions import COOKIE, IDLE
from lambdas.platform.visit import Visit
from lambdas.web.admission import SAFE_METHODS, Admitted, Body, admit, body_of, correlation_id
from lambdas.web.compression import compressed, takes_gzip
from lambdas.web.fallback import missing_page
from lambdas.web.forms import form_answer
from lambdas.web.pages import location, problem_page, sign_in_first
from lambdas.web.problems import aws_problem, invalid_from, nothing_here, problem_response

GENERAL_LIMIT = Limit(name="api", times=100, per=timedelta(minutes=1))
"""Everything one person, or one address, asks of the API."""

_UNCACHED = {"cache-control": "no-store"}


class MethodNotAllowed(PrismError):
    status = 405
    code = "method_not_allowed"
    title = "Not with this method"

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = ", ".join(sorted(allowed))
        super().__init__(fix=f"Use {self.allowed}.")

    @property
    def headers(self) -> dict[str, str]:
        return {"Allow": self.allowed}


class Branch(NamedTuple):
    """Routes that are all at or below some `paths`: they are loaded when something there is first asked for.

    So a start pays for what it is asked, and not for every feature there is.
    """

    paths: tuple[str, ...]
    router: Reference

    def has(self, path: str) -> bool:
        return any(path == own or path.startswith(f"{own}/") for own in self.paths)


class App:
    """The routes of one function: those of `routers`, and those of `branches` as they are asked for.

    `protected` refuses every route that names no permission, and speaks each person's own language (the
    studio). `fresh` looks at a session's row each time. `metered` false counts no request against the
    general limit and knows no sessions (webhooks: other services call as often as they must).
    """

    def __init__(
        self,
        *,
        services: Services,
        routers: Iterable[Router] = (),
        branches: Iterable[Branch] = (),
        origin_digests: frozenset[str],
        logger: Logger,
        protected: bool = False,
        fresh: bool = False,
        metered: bool = True,
    ) -> None:
        self.services = services
        self._protected = protected
        self._fresh = fresh
        self._digests = origin_digests
        self._metered = metered
        self._log = logger
        # Powertools keeps the current request on the resolver: one at a time, as Lambda does anyway.
        self._one_at_a_time = threading.Lock()
        self.resolver = APIGatewayHttpResolver(
            enable_validation=True, response_validation_error_http_code=HTTPStatus.INTERNAL_SERVER_ERROR
        )
        self._known_permissions = frozenset(permission.name for permission in declared(services.features))
        self._branches = tuple(branches)
        self._routes: tuple[ResolverRoute, ...] = ()
        for router in routers:
            self._include(router)
        self.resolver.use(middlewares=[_count_against_route_limits])
        self.resolver.exception_handler(RequestValidationError)(_refuse)
        self.resolver.exception_handler(ResponseValidationError)(_fail)

    @property
    def routes(self) -> tuple[ResolverRoute, ...]:
        """Every route there is; loads those that nobody has asked for yet."""
        self._load(self._branches)
        return self._routes

    def _load(self, branches: tuple[Branch, ...]) -> None:
        for branch in branches:
            self._branches = tuple(one for one in self._branches if one is not branch)
            self._include(load(branch.router))

    def _include(self, router: Router) -> None:
        self.resolver.include_router(router)
        self._routes = (*self.resolver._static_routes, *self.resolver._dynamic_routes)
        for route in self._routes:
            needed = extras(route.func).needs
            if self._protected and needed is None:
                raise ValueError(f"{route.method} {route.path} is in the studio and needs no permission: say which")
            if needed is not None and needed not in self._known_permissions:
                raise ValueError(f"{route.method} {route.path} needs {needed}, which no active feature declares")

    def handle(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Answer one event; never raises."""
        started = time.perf_counter()
        correlation = correlation_id(event)
        http = event["requestContext"]["http"]
        with self._one_at_a_time:
            self._log.append_keys(correlation_id=correlation)
            try:
                response = self._answer(event, context, correlation)
            except Exception as error:
                self._log.error(
                    "a request failed",
                    extra={"method": http["method"], "path": path_without_secrets(event["rawPath"]), **trace_of(error)},
                )
                response = problem_response(PrismError(), correlation_id=correlation)
            response["headers"] = {
                **_UNCACHED,
                **{name.lower(): value for name, value in (response.get("headers") or {}).items()},
                "x-correlation-id": correlation,
            }
            if http["method"] == "HEAD":
                response["body"], response["isBase64Encoded"] = "", False
            elif http["method"] == "GET" and takes_gzip(event.get("headers") or {}):
                response = compressed(response)
            self._log.info(
                "request",
                extra={
                    "method": http["method"],
                    "path": path_without_secrets(event["rawPath"]),
                    "status": response["statusCode"],
                    "milliseconds": round((time.perf_counter() - started) * 1000, 1),
                },
            )
            self._log.remove_keys(["correlation_id"])
        return response

    def _answer(self, event: Mapping[str, Any], context: Any, correlation: str) -> dict[str, Any]:
        try:
            request = admit(event, origin_digests=self._digests)
            locale, path = self._language_of(request.path)
            route = self._route(request.method, path)
            if route is not None:
                asked = _Asked(route=route, path=path, locale=locale, request=request)
                return self._serve(asked, event, context, correlation)
            page = missing_page(request, self.services)
            if page is None:
                raise nothing_here(request.method, request.path)
            return page
        except Exception as raised:
            return problem_response(self._told(raised), correlation_id=correlation)

    def _serve(self, asked: "_Asked", event: Mapping[str, Any], context: Any, correlation: str) -> dict[str, Any]:
        request, route = asked.request, extras(asked.route.func)
        visit, body = self._visit(asked, correlation), Body()
        try:
            visit = self._known(visit, route)
            self._permit(route, visit)
            if self._protected:
                visit = visit.in_language(self.services.creator.language_or_own(visit.person.locale))
            body = body_of(event, request, file_bytes=route.file_bytes)
            if body.files:
                visit = visit.with_files(body.files)
            if asked.locale is None and not self._protected:
                visit = visit.in_language(self._locale(body.value))
            self.resolver.context["visit"] = visit
            answer = self.resolver.resolve(_as_json(event, asked, body.value), context)
            answer = _from_resolver(answer, asked.route, visit)
        except Exception as raised:
            answer = self._failed(raised, asked, visit, body.value)
        finally:
            # Powertools leaves a request that failed to the next one, and to the next resolver of the same routers.
            self.resolver.clear_context()  # type: ignore[no-untyped-call]
        if visit.reply.cookies:
            answer["cookies"] = [*answer.get("cookies", ()), *visit.reply.cookies.values()]
        return answer

    def _failed(self, raised: Exception, asked: "_Asked", visit: Visit, sent: Any) -> dict[str, Any]:
        """What is answered instead: the way to sign in, the form's page, a page, or problem+json to a program."""
        error, route = self._told(raised), extras(asked.route.func)
        looks = visit.as_form or asked.request.method in SAFE_METHODS
        if isinstance(error, NotSignedIn) and looks and (route.html or route.form):
            return sign_in_first(visit, route.form)
        if route.form is not None and visit.as_form:
            try:
                return form_answer(error, page=route.form, visit=visit, sent=sent)
            except PrismError as without:
                # The form's own page is not to be had: what it is about is gone, or not for this visitor to see.
                return problem_page(without, visit)
        if route.html and looks:
            return problem_page(error, visit)
        return problem_response(error, correlation_id=visit.correlation_id)

    def _told(self, raised: Exception) -> PrismError:
        """What the visitor is told of an error; raises it again where it is a fault of ours."""
        error = raised if isinstance(raised, PrismError) else aws_problem(raised)
        if error is None or error.status == PrismError.status:
            # A template that failed, say: its words are for the log's reader, who is told where it happened.
            raise raised
        if isinstance(error, Unavailable):
            self._log.warning("not available", extra=trace_of(raised))
        return error

    def _language_of(self, path: str) -> tuple[Locale | None, str]:
        """The language that an address names, and the address without it: /de/account/ is the German /account/."""
        creator = self.services.creator
        for locale in creator.languages:
            if locale != creator.locale and path.startswith(f"/{locale}/"):
                return locale, path.removeprefix(f"/{locale}")
        return None, path

    def _route(self, method: str, path: str) -> ResolverRoute | None:
        """The route that answers; None where nothing is at this path, MethodNotAllowed where only the method is wrong."""
        method = "GET" if method == "HEAD" else method
        self._load(tuple(branch for branch in self._branches if branch.has(path)))
        here = [route for route in self._routes if route.rule.match(path)]
        for route in here:
            if route.method == method:
                return route
        if here:
            raise MethodNotAllowed({route.method for route in here})
        return None

    def _visit(self, asked: "_Asked", correlation: str) -> Visit:
        request = asked.request
        matched = asked.route.rule.match(asked.path)
        return Visit(
            services=self.services,
            address=request.address,
            locale=asked.locale or self.services.creator.locale,
            correlation_id=correlation,
            as_form=request.as_form,
            describe=self._describe,
            path=asked.path,
            parameters=matched.groupdict() if matched else {},
            query=request.query,
            cookies=request.cookies,
            user_agent=request.headers.get("user-agent", ""),
        )

    def _known(self, visit: Visit, route: Extras) -> Visit:
        """The same visit with the session that its cookie names; other services (webhooks) have none."""
        sessions, cookie = self.services.sessions, visit.cookies.get(COOKIE)
        session = (
            sessions.read(cookie, fresh=self._fresh or route.needs is not None) if cookie and self._metered else None
        )
        if session is None:
            return visit
        renewed = sessions.renewed(session)
        if renewed:
            visit.set_cookie(COOKIE, renewed, seconds=int(IDLE.total_seconds()))
        return visit.of(session)

    def _describe(self) -> dict[str, Any]:
        from lambdas.web.openapi import describe_all  # here: asked for once in a while, and read by every cold start

        return describe_all(self.services.features, title=f"{self.services.creator.name}'s API")

    def _locale(self, body: Any) -> Locale:
        asked = body.get("language") if isinstance(body, dict) else None
        return self.services.creator.language_or_own(asked)

    def _permit(self, route: Extras, visit: Visit) -> None:
        if visit.session is None and (route.needs is not None or route.person):
            raise NotSignedIn(fix="Sign in, then try again.")
        if self._metered and route.metered:
            self.services.limits.hit(GENERAL_LIMIT, visit.subject)
        if route.needs is not None and route.needs not in visit.standing.permissions:
            raise Forbidden("Your role does not allow this.", fix="Ask an owner of the site to give you one that does.")


class _Asked(NamedTuple):
    """A request and the route that answers it; `path` has no language in it, `locale` is the one it had."""

    route: ResolverRoute
    path: str
    locale: Locale | None
    request: Admitted


def _as_json(event: Mapping[str, Any], asked: _Asked, body: Any) -> dict[str, Any]:
    """The event as the resolver reads it: HEAD as GET, no language in the path, a form's fields as the JSON they stand for."""
    import json

    request = asked.request
    method = "GET" if request.method == "HEAD" else request.method
    http = event["requestContext"]["http"] | {"method": method, "path": asked.path}
    headers = {**request.headers, "content-type": "application/json"}
    return {
        **event,
        "rawPath": asked.path,
        "headers": headers,
        "requestContext": {**event["requestContext"], "http": http},
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def _from_resolver(answer: dict[str, Any], route: ResolverRoute, visit: Visit) -> dict[str, Any]:
    page = extras(route.func).form
    if page is not None and visit.as_form and answer["statusCode"] < 300:
        there = visit.located(visit.reply.location or page.sent.format_map(visit.parameters))
        return {"statusCode": 303, "headers": {"location": location(there)}, "body": "", "isBase64Encoded": False}
    return answer


def _count_against_route_limits(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
    visit: Visit = app.context["visit"]
    for limit in extras(app.context["_route"].func).limits:
        visit.services.limits.hit(limit, visit.subject)
    return next_middleware(app)


def _refuse(error: RequestValidationError) -> Response[Any]:
    raise invalid_from(list(error.errors()))


def _fail(error: ResponseValidationError) -> Response[Any]:
    # Ours, not the caller's: what a route returned is not what it promises.
    raise RuntimeError(f"a response does not fit its declared shape: {[e['loc'] for e in error.errors()]}")
