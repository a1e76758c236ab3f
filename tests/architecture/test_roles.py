"""Who gets in where: every route and screen of the studio with everybody who might try, derived from the manifests."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Set
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from frontend_template.render import ROOT as TEMPLATES
from frontend_template.texts import Texts
from lambdas.core.creator import LOCALES
from lambdas.core.feature import declared
from lambdas.core.ids import new_id
from lambdas.core.permissions import STANDARD_ROLES, standing
from lambdas.core.references import load
from lambdas.features.registry import FEATURES
from lambdas.platform import audit
from lambdas.platform.people import Person
from lambdas.platform.routing import Extras, extras
from lambdas.platform.team import CustomRole, Member
from tests.people import a_person
from tests.platform_under_test import PlatformUnderTest, start_platform

ROOT = Path(__file__).resolve().parents[2]

NO_SCREEN = {
    "/studio/search/results": "the search's results while one types, as JSON",
    "/studio/settings/sections/{section}": "one section of the settings, as JSON",
    "/studio/settings/brand/preview": "leads back to the form, whoever reloads what it was answered with",
    "/studio/settings/links/arrange": "leads back to the form, whoever reloads what it was answered with",
    "/studio/settings/brand/colours": "colours while one picks them, as JSON",
    "/studio/live/key": "leads back to the desk, whoever reloads what it was answered with",
    "/studio/live/numbers": "how the stream goes while one looks, as JSON",
}
"""What is asked for in the studio and is no screen."""

NOT_NOTED = {
    "/studio/settings/brand/preview": "shows how it would look, and changes nothing",
    "/studio/settings/links/arrange": "gives the form back with one row more or less, and changes nothing",
    "/studio/overlays/test": "shows an alert on stream for some seconds, and changes nothing",
}
"""What is posted to the studio and leaves no entry in the log."""

ASKED_ELSEWHERE = {"studio.setup": "says on the overview what a fresh platform still lacks"}
"""Permissions that no route asks for."""

Handler = Callable[..., Any]


def _routes() -> Iterator[tuple[str, str, Handler]]:
    """Method, path as a manifest would write it, and handler of every route of the studio's function."""
    for feature in FEATURES:
        if feature.studio:
            for key, handler in load(feature.studio)._routes.items():
                for method in key[1]:
                    yield method, re.sub(r"<(\w+)>", r"{\1}", key[0]), handler


ROUTES = tuple(_routes())
SCREENS = {screen.path: screen for feature in FEATURES for screen in feature.screens}
POSTS = {path: handler for method, path, handler in ROUTES if method == "POST"}


@pytest.fixture(scope="module")
def _emulator(emulator_process: Any) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in emulator_process.environment().items():
            patch.setenv(name, value)
        yield emulator_process
        emulator_process.reset()


@pytest.fixture(scope="module")
def platform(_emulator: Any) -> PlatformUnderTest:
    return start_platform()


def _ask(platform: PlatformUnderTest, who: Person | None, method: str, path: str, *, as_form: bool = False) -> Any:
    """One request of somebody to a route, about nothing that there is."""
    platform.clock.forward(minutes=2)  # nobody asks too often
    there = re.sub(r"\{\w+\}", "nothing", path)
    cookies = platform.sign_in(who.id) if who is not None else None
    headers = {"origin": f"https://{platform.creator.domain}"}
    if method == "GET":
        return platform.call("GET", there, cookies=cookies)
    if as_form:
        return platform.call(method, there, form="x=y", cookies=cookies, headers=headers)
    return platform.call(method, there, json_body={"x": "y"}, cookies=cookies, headers=headers)


def _was_let_in(answer: Any) -> bool:
    """Whether the route itself answered, whatever it said about what it was asked."""
    assert answer.status < 500, answer.body
    assert answer.status != 405
    to_sign_in = answer.status == 303 and "/account/sign-in/" in answer.headers["location"]
    refused = answer.status == 403 and ("Your role does not allow this" in answer.body)
    return not (answer.status == 401 or to_sign_in or refused)


def _of(handler: Handler) -> Extras:
    return extras(handler)


@pytest.mark.parametrize("role", STANDARD_ROLES)
def test_a_standard_role_gets_in_where_the_manifests_say_and_nowhere_else(
    platform: PlatformUnderTest, role: str
) -> None:
    a_person(platform, role="owner")
    held = standing(role, declared=declared(FEATURES), custom={}).permissions
    assert held, "a role that may do nothing is none"
    for method, path, handler in ROUTES:
        # Each with a person of their own: some of what is asked takes them off the team.
        answer = _ask(platform, a_person(platform, role=role), method, path)
        assert _was_let_in(answer) == (_of(handler).needs in held), (method, path, answer.status)


def test_a_permission_alone_opens_what_asks_for_it_and_all_others_do_not(platform: PlatformUnderTest) -> None:
    a_person(platform, role="owner")
    names = frozenset(one.name for one in declared(FEATURES))
    for permission in sorted(names):
        alone, others = (_role(platform, held) for held in ({permission}, names - {permission}))
        for method, path, handler in ROUTES:
            if _of(handler).needs == permission:
                # A form with faults is shown again on its screen, which may need another permission.
                for role in (others,) if method != "GET" and _of(handler).html else (alone, others):
                    answer = _ask(platform, a_person(platform, role=role), method, path)
                    assert _was_let_in(answer) == (role == alone), (permission, method, path, answer.status)


def _role(platform: PlatformUnderTest, permissions: Set[str]) -> str:
    """The id of a new role that holds these."""
    role = CustomRole(new_id("rol", at=platform.clock()), name="Made up", permissions=set(permissions))
    role.save()
    return role.id


@pytest.mark.parametrize("who", ["a fan", "a role without permissions", "a role that is gone", "no role"])
def test_who_holds_nothing_gets_in_nowhere(platform: PlatformUnderTest, who: str) -> None:
    person = a_person(platform)
    if who == "a role without permissions":
        role = CustomRole(new_id("rol", at=platform.clock()), name="Nothing")
        role.save()
        Member(person.id, role=role.id, since=platform.clock()).save()
    elif who == "a role that is gone":
        Member(person.id, role=new_id("rol", at=platform.clock()), since=platform.clock()).save()
    elif who == "no role":
        Member(person.id, since=platform.clock()).save()
    for method, path, handler in ROUTES:
        for as_form in (False, True):
            answer = _ask(platform, person, method, path, as_form=as_form)
            assert answer.status == 403, (method, path, as_form)
            if _of(handler).html and (as_form or method == "GET"):
                assert answer.headers["content-type"].startswith("text/html")


def test_a_guest_is_led_to_sign_in_and_a_program_is_told(platform: PlatformUnderTest) -> None:
    for method, path, handler in ROUTES:
        route = _of(handler)
        answer = _ask(platform, None, method, path)
        if route.html and method == "GET":
            assert (answer.status, "/account/sign-in/?next=" in answer.headers["location"]) == (303, True), path
        else:
            assert (answer.status, answer.json["code"]) == (401, "not_signed_in"), path
        if route.form is not None:
            assert _ask(platform, None, method, path, as_form=True).status == 303, path


def test_an_account_whose_session_has_ended_is_a_guest(platform: PlatformUnderTest) -> None:
    owner = a_person(platform, role="owner")
    cookies = platform.sign_in(owner.id)
    platform.services.sessions.end_all(owner.id)
    for method, path, _ in ROUTES:
        answer = platform.call(method, re.sub(r"\{\w+\}", "nothing", path), cookies=cookies)
        assert answer.status in {303, 401}, (method, path)


def test_no_other_site_posts_to_the_studio(platform: PlatformUnderTest) -> None:
    owner = a_person(platform, role="owner")
    cookies = platform.sign_in(owner.id)
    for path in POSTS:
        there = re.sub(r"\{\w+\}", "nothing", path)
        headers = {"origin": "https://elsewhere.example"}
        assert platform.call("POST", there, form="x=y", cookies=cookies, headers=headers).status == 403, path


def test_every_screen_needs_what_its_route_needs() -> None:
    shown = {path: _of(handler) for method, path, handler in ROUTES if method == "GET"}
    assert {path: screen.needs for path, screen in SCREENS.items()} == {
        path: route.needs for path, route in shown.items() if path not in NO_SCREEN
    }
    assert all(shown[path].html for path in SCREENS)
    assert set(NO_SCREEN) <= set(shown)


def test_a_forms_screen_is_seen_by_whoever_may_send_it() -> None:
    """Else its faults would be shown on a screen that its sender may not see."""
    for role in STANDARD_ROLES:
        held = standing(role, declared=declared(FEATURES), custom={}).permissions
        for path, handler in POSTS.items():
            page = _of(handler).form
            if page is not None and _of(handler).needs in held:
                assert SCREENS[page.page].needs in held, (role, path)


def test_permissions_are_declared_once_and_asked_for_somewhere() -> None:
    names = [permission.name for permission in declared(FEATURES)]
    assert len(names) == len(set(names))
    routers = [load(router) for f in FEATURES for router in (f.api, f.account, f.studio) if router]
    asked = {extras(handler).needs for router in routers for handler in router._routes.values()}
    assert set(names) == (asked - {None}) | set(ASKED_ELSEWHERE)
    assert not asked & set(ASKED_ELSEWHERE)


def test_only_owners_hold_what_only_owners_may() -> None:
    """What the standard roles hold grows by a decision, and not by the way."""
    held = {role: standing(role, declared=declared(FEATURES), custom={}).permissions for role in STANDARD_ROLES}
    assert held["owner"] - held["manager"] == {"audit.export"}
    for role in ("editor", "moderator", "finance", "support"):
        assert held[role] <= held["manager"]
        assert not {name for name in held[role] if name.startswith(("audit.", "team.")) and name != "team.members.read"}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_permission_and_every_action_is_said_in_words(locale: Any) -> None:
    texts = Texts((TEMPLATES,))
    missing = []
    for feature in FEATURES:
        wanted = [f"{feature.name}.permissions.{permission.name}" for permission in feature.permissions]
        if wanted:
            missing += [key for key in (f"{feature.name}.area", *wanted) if key not in texts.keys(feature.name, locale)]
    said = {
        key.removeprefix(f"{feature.name}.audit.")
        for feature in FEATURES
        if (TEMPLATES / "locales" / feature.name / f"{locale}.toml").is_file()
        for key in texts.keys(feature.name, locale)
        if key.startswith(f"{feature.name}.audit.")
    }
    missing += sorted(_actions() - said)
    assert not missing


@pytest.mark.parametrize("locale", LOCALES)
def test_no_word_is_left_for_a_permission_that_is_gone(locale: Any) -> None:
    texts = Texts((TEMPLATES,))
    for feature in FEATURES:
        if (TEMPLATES / "locales" / feature.name / f"{locale}.toml").is_file():
            begin = f"{feature.name}.permissions."
            said = {key.removeprefix(begin) for key in texts.keys(feature.name, locale) if key.startswith(begin)}
            assert said == {permission.name for permission in feature.permissions}


_ACTION = re.compile(r"[a-z]+(\.[a-z_]+){2}")


def _actions() -> set[str]:
    """Every action that is named where an entry is made. One that is put together is caught when a test does it (tests/features)."""
    found = set()
    for file in (ROOT / "lambdas" / "features").rglob("*.py"):
        tree = ast.parse(file.read_text())
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in {"entry", "own_entry"} and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
                found.add(str(call.args[1].value))
    assert {"team.role.changed", "team.member.forgotten"} <= found
    assert all(_ACTION.fullmatch(action) for action in found)
    return found


@pytest.mark.parametrize("path", sorted(POSTS))
def test_whatever_is_posted_to_the_studio_is_noted(path: str) -> None:
    """Seen from the code: the handler, or what it calls, makes an entry. That it does so each time is for the feature's tests."""
    noted = audit.entry in _called(POSTS[path])
    assert noted != (path in NOT_NOTED), path


def test_the_lists_of_exceptions_have_nothing_else() -> None:
    assert set(NOT_NOTED) <= set(POSTS)


def _called(handler: Handler) -> set[FunctionType]:
    """Every function of ours that a handler may come to call, by the names in its code."""
    seen: set[FunctionType] = set()
    waiting = [handler]
    while waiting:
        function = waiting.pop()
        if not inspect.isfunction(function) or function in seen:
            continue
        seen.add(function)
        names = set(_names(function.__code__))
        for name in names:
            value = function.__globals__.get(name)
            if inspect.ismodule(value) and value.__name__.startswith("lambdas."):
                waiting += [getattr(value, attribute) for attribute in names if hasattr(value, attribute)]
            elif inspect.isclass(value) and value.__module__.startswith("lambdas."):
                waiting += [member for member in vars(value).values() if inspect.isfunction(member)]
            elif inspect.isfunction(value) and value.__module__.startswith("lambdas."):
                waiting.append(value)
        waiting += [cell.cell_contents for cell in function.__closure__ or () if inspect.isfunction(cell.cell_contents)]
    return seen


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
