"""`prism add-creator`: a new creator's file."""

from typing import Any

import click

from cli.output import json_option, one_line, say, show_json
from cli.place import CREATORS


@click.command("add-creator")
@click.argument("creator_id", metavar="ID")
@click.argument("name")
@click.argument("domain")
@click.option("--email", help="Where the contact form's messages go; hello@DOMAIN if left out.")
@click.option("--region", help="An AWS region with Amazon IVS, such as eu-central-1.")
@click.option("--locale", help="The creator's own language: en or de.")
@click.option("--currency", help="Prices are in it: EUR, USD, …")
@click.option("--timezone", help="Such as Europe/Berlin.")
@click.option("--brand-primary", metavar="COLOUR", help='Fills, such as "#6A0DAD".')
@click.option("--brand-accent", metavar="COLOUR", help='The primary action, such as "#FF1493".')
@click.option("--theme", help="auto, dark or light.")
@click.option("--features", metavar="A,B", help="Switch on these features and no others; `prism features` lists them.")
@json_option
def command(creator_id: str, name: str, domain: str, as_json: bool, **options: str | None) -> None:
    """Add a creator: a file with every default visible.

    The file is creators/ID.yaml. One that is there already is never changed. NAME is what fans read, DOMAIN the site's own.
    """
    from lambdas.core.brand import palette
    from lambdas.features.creator_files import write_new

    creator = _creator(creator_id, name, domain, options)
    path = write_new(creator, folder=CREATORS)
    remarks = [one_line(note) for note in palette(creator.brand).notes]
    if as_json:
        document = creator.model_dump(mode="json")
        show_json(
            {"ok": True, "file": str(path), "creator": document, "remarks": remarks, "next": f"prism dev {creator.id}"}
        )
        return
    click.echo(f"{path} is written: {creator.name}, {creator.domain}, {creator.region}.")
    for remark in remarks:
        say(f"remark: {remark}")
    say(f"next: prism dev {creator.id}   starts the whole platform on this machine")


def _creator(creator_id: str, name: str, domain: str, options: dict[str, str | None]) -> Any:
    from lambdas.features.creator_files import CreatorRefused, new_creator

    given = {key: value for key, value in options.items() if value is not None}
    settings: dict[str, Any] = {"id": creator_id, "name": name, "domain": domain, "email": f"hello@{domain}"}
    brand = {"brand_primary": "primary", "brand_accent": "accent", "theme": "theme"}
    settings["brand"] = {key: given.pop(option) for option, key in brand.items() if option in given}
    if "features" in given:
        settings["features"] = _switches(given.pop("features"))
    settings |= given
    try:
        return new_creator(settings)
    except CreatorRefused as refused:
        # The address made of a bad domain is not the reader's fault.
        faults = tuple(fault for fault in refused.fields if fault.path != "email" or "email" in given)
        raise CreatorRefused(faults) from None


def _switches(words: str) -> dict[str, Any]:
    from lambdas.features.registry import FEATURES

    wanted = [word.strip() for word in words.split(",") if word.strip()]
    known = {feature.name: {"enabled": feature.name in wanted} for feature in FEATURES if feature.optional}
    # An unknown name goes into the model as it is, to be refused there with the nearest known one.
    return known | {name: {"enabled": True} for name in wanted}
