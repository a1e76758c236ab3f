from typing import Any

import pytest

from frontend_template.render import ROOT
from frontend_template.texts import Texts
from lambdas.core.creator import LOCALES
from lambdas.features.registry import FEATURES
from lambdas.platform import audit
from tests.platform_under_test import PlatformUnderTest, start_platform


@pytest.fixture
def platform(emulator: object) -> PlatformUnderTest:
    return start_platform()


@pytest.fixture(autouse=True)
def _what_is_noted_has_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test makes an entry of the log that the studio could not say in every language (`<feature>.audit.<action>`)."""
    texts, make = Texts((ROOT,)), audit.entry

    def entry(visit: Any, action: str, *args: Any, **kwargs: Any) -> audit.AuditEntry:
        for locale in LOCALES:
            keys = {f"{feature.name}.audit.{action}" for feature in FEATURES}
            assert any(key in texts.keys(key.partition(".")[0], locale) for key in keys), action
        return make(visit, action, *args, **kwargs)

    monkeypatch.setattr(audit, "entry", entry)
