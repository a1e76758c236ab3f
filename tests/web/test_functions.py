"""What sets the functions apart: the studio's routes are protected, other services are not counted."""

from dataclasses import replace

import pytest
from aws_lambda_powertools import Logger

from lambdas.core.feature import Feature, FeatureConfig
from lambdas.core.permissions import Permission
from lambdas.core.references import load
from lambdas.features.registry import FEATURES
from lambdas.handlers.assembly import routing
from lambdas.platform.keys import digest
from lambdas.platform.routing import Router, needs
from lambdas.web.app import GENERAL_LIMIT, App, Branch
from tests.platform_under_test import ORIGIN_SECRET, PlatformUnderTest

guarded, open_to_all, asked = Router(), Router(), Router()


@asked.get("/api/basket/of-mine")
def basket() -> dict[str, bool]:
    return {"seen": True}


@guarded.get("/studio/orders")
@needs("shop.orders.read")
def orders() -> dict[str, str]:
    return {"orders": "all of them"}


@open_to_all.get("/api/webhooks/somebody")
def told() -> dict[str, str]:
    return {"told": "yes"}


SHOP = Feature(
    name="shop",
    config=FeatureConfig,
    studio="tests.web.test_functions:guarded",
    permissions=(Permission("shop.orders.read", "manager"),),
)


@pytest.fixture
def with_shop(platform: PlatformUnderTest) -> PlatformUnderTest:
    platform.services = replace(platform.services, features=(*platform.services.features, SHOP))
    return platform


def _app(platform: PlatformUnderTest, router: Router, *, protected: bool = False, metered: bool = True) -> App:
    return App(
        services=platform.services,
        routers=[router],
        origin_digests=frozenset({digest(ORIGIN_SECRET)}),
        logger=Logger(service="functions-test"),
        protected=protected,
        metered=metered,
    )


def test_a_features_routes_are_loaded_when_they_are_asked_for_and_not_before(platform: PlatformUnderTest) -> None:
    references: dict[str, int] = {}

    class Counting(Branch):
        def has(self, path: str) -> bool:
            references[path] = references.get(path, 0) + super().has(path)
            return super().has(path)

    platform.app = App(
        services=platform.services,
        branches=[Counting(("/api/orders", "/api/basket"), "tests.web.test_functions:asked")],
        origin_digests=frozenset({digest(ORIGIN_SECRET)}),
        logger=Logger(service="functions-test"),
    )
    assert platform.app._routes == ()
    assert platform.call("GET", "/api/orderly").status == 404
    assert platform.app._routes == ()
    assert platform.call("GET", "/api/basket/of-mine").json == {"seen": True}
    assert platform.call("GET", "/api/orders").status == 404
    assert len(platform.app.routes) == 1
    # Once loaded it is not looked at any more.
    assert references == {"/api/orderly": 0, "/api/basket/of-mine": 1}


def test_every_route_of_the_api_is_where_its_feature_says() -> None:
    for feature in FEATURES:
        for path, *_ in load(feature.api)._routes if feature.api else ():
            own = [branch for branch in routing("api", FEATURES)["branches"] if branch.has(path)]
            assert [branch.router for branch in own] == [feature.api], path


def test_who_is_not_signed_in_sees_nothing_of_the_studio(with_shop: PlatformUnderTest) -> None:
    with_shop.app = _app(with_shop, guarded, protected=True)
    answer = with_shop.call("GET", "/studio/orders")
    assert (answer.status, answer.json["code"]) == (401, "not_signed_in")


def test_a_studio_route_without_a_permission_does_not_start(with_shop: PlatformUnderTest) -> None:
    with pytest.raises(ValueError, match=r"GET /api/webhooks/somebody is in the studio and needs no permission"):
        _app(with_shop, open_to_all, protected=True)


def test_a_permission_that_no_manifest_declares_does_not_start(platform: PlatformUnderTest) -> None:
    with pytest.raises(ValueError, match=r"needs shop\.orders\.read, which no active feature declares"):
        _app(platform, guarded)


def test_other_services_are_not_counted(platform: PlatformUnderTest) -> None:
    platform.app = _app(platform, open_to_all, metered=False)
    answers = [platform.call("GET", "/api/webhooks/somebody").status for _ in range(GENERAL_LIMIT.times + 1)]
    assert set(answers) == {200}
