"""`prism features`: what a creator can switch on."""

import click

from cli.output import json_option, one_line, show_json, show_table


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
                name: {"default": field.default, "purpose": field.description or ""}
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
