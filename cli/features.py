"""`prism features`: what a creator can switch on."""

from typing import TYPE_CHECKING

import click

from cli.output import json_option, one_line, show_json, show_table

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def default(field: "FieldInfo") -> object:
    """What a setting is when the file does not say it, ready for JSON."""
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(field.get_default(call_default_factory=True))


@click.command("features")
@json_option
def command(as_json: bool) -> None:
    """List the features that a creator can switch on or off."""
    from lambdas.features.registry import FEATURES

    features = [
        {
            "name": feature.name,
            "purpose": one_line(feature.config.__doc__ or ""),
            "pages": [page.path for page in feature.pages if page.listed],
            "settings": {
                name: {"default": default(field), "purpose": field.description or ""}
                for name, field in feature.config.model_fields.items()
            },
        }
        for feature in FEATURES
        if feature.optional
    ]
    if as_json:
        show_json({"ok": True, "features": features})
        return
    show_table(
        ("feature", "purpose", "settings"),
        [(str(f["name"]), str(f["purpose"]), ", ".join(f["settings"])) for f in features],
    )
