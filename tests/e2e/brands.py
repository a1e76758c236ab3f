"""The brands that the templates are looked at in, built: the demo, the examples of docs/, and the extremes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from frontend_template.build import build_site
from frontend_template.manifest import AssetManifest
from frontend_template.render import Renderer
from lambdas.core.creator import Creator, Locale
from lambdas.core.errors import FieldError
from lambdas.core.feature import Feature
from lambdas.core.forms import Form
from lambdas.features.creator_files import new_creator, read_creator
from lambdas.features.registry import FEATURES, active_features

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Brand:
    """A creator with the folder of their pictures, folders to build in and to keep what takes long, and the features known there."""

    creator: Creator
    pictures: Path
    work: Path
    cache: Path
    known: tuple[Feature[Any], ...] = FEATURES

    @property
    def features(self) -> tuple[Feature[Any], ...]:
        return active_features(self.creator, self.known)

    @cached_property
    def site(self) -> Path:
        """The folder of the built site."""
        out = self.work / self.creator.id
        build_site(
            self.creator,
            features=self.features,
            source=self.pictures,
            out=out,
            cache=self.cache,
        )
        return out

    @cached_property
    def renderer(self) -> Renderer:
        """Renders what only the API answers, as the functions do."""
        manifest = AssetManifest.model_validate_json((self.site / "assets/manifest.json").read_bytes())
        return Renderer(self.creator, self.features, manifest)

    @cached_property
    def answers(self) -> Mapping[str, str]:
        """The contact form's page as the API answers it, by a path made up for it: /en/faults/, /de/review/, …"""
        return {
            f"/{locale}/{name}/": self.renderer.page("/contact/", locale, {"form": form})
            for locale in self.creator.languages
            for name, form in _forms(locale).items()
        }

    @cached_property
    def letter(self) -> str:
        """The HTML of the mail that brings the creator a message."""
        message = SimpleNamespace(
            name="Ada Fan",
            email="ada@fan.example",
            subject="Thursday",
            body="Dear Mira,\n\nwill there be a song about lighthouses this week? I would bring my own foghorn.\n\nAda",
            received_at=datetime(2027, 3, 4, 19, 30, tzinfo=UTC),
        )
        return self.renderer.letter("contact/received", self.creator.locale, {"message": message}).html

    @property
    def pages(self) -> tuple[str, ...]:
        """The path of every published page, in every language."""
        found = self.site.rglob("index.html")
        return tuple(sorted(f"/{file.relative_to(self.site)}".removesuffix("index.html") for file in found))


def brands(work: Path, *, cache: Path) -> Mapping[str, Brand]:
    """By id; `work` is a folder for what is built, each when it is first looked at."""
    files = [ROOT / "creators" / "demo.yaml", *sorted((ROOT / "docs" / "examples").glob("*.yaml"))]
    found = [Brand(read_creator(file), file.with_suffix(""), work, cache) for file in files]
    extremes = (
        {"id": "bare", "name": "Nobody"},
        {
            "id": "longest",
            "name": "Rindfleischetikettierungsüberwachung Wolfeschlegelsteinhausen & Söhne",
            "locale": "de",
        },
    )
    for settings in extremes:
        address = {"domain": f"{settings['id']}.example", "email": f"post@{settings['id']}.example"}
        found.append(Brand(new_creator({**settings, **address}), work / "no-pictures", work, cache))
    return {brand.creator.id: brand for brand in found}


def _forms(locale: Locale) -> Mapping[str, Form]:
    typed = {"name": "Ada Fan", "email": "ada@fan", "subject": "", "message": "Ahoi!", "language": locale}
    faults = (
        FieldError(path="email", code="invalid_email", message="This is no e-mail address."),
        FieldError(path="message", code="too_short", message="Write more.", params={"min": 10}),
    )
    return {
        "faults": Form(values=typed, errors=faults),
        "review": Form(values={**typed, "email": "ada@fan.example", "message": "Ahoi, Mira!"}, review=True, token="t"),
        "refused": Form(values=typed, problem="too_many_requests"),
    }
