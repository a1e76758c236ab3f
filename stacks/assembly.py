"""One creator's cloud assembly. Imports aws_cdk, which costs seconds: see `synth` for who calls this."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.features.registry import FEATURES, active_features
from lambdas.web.edge import FunctionName, functions
from stacks.bundles import LAMBDA, ROOT, Target, bundle_of, creator_bundle
from stacks.node import use_supported_node

# Without its bytecode aws_cdk is compiled anew at every run: eight seconds.
sys.dont_write_bytecode = False
use_supported_node()

import aws_cdk as cdk  # noqa: E402

from stacks.creator import creator_stacks  # noqa: E402


def context() -> dict[str, Any]:
    """The CDK's settings, from cdk.json: the CDK's own command reads them there."""
    settings: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return settings


def app_for(out: Path | None = None, *, validate: bool = False) -> cdk.App:
    """An App that writes to `out` (else to where the CDK's command wants it). `validate` has the CDK check the templates, which costs seconds."""
    return cdk.App(
        outdir=str(out) if out else None,
        context=context(),
        analytics_reporting=False,
        stack_traces=False,
        tree_metadata=False,
        builtin_cloud_formation_validation=validate,
    )


def add_creator(
    app: cdk.App,
    creator: Creator,
    *,
    version: str,
    known: tuple[Feature[Any], ...] = FEATURES,
    target: Target = LAMBDA,
) -> tuple[str, ...]:
    """Bundle the creator's functions and declare their stacks in `app`; what the operator should know of the bundles."""
    features = active_features(creator, known)
    wanted = functions(features)
    with tempfile.TemporaryDirectory(prefix="prism-bundles-") as folder:
        names = dict.fromkeys(bundle_of(function) for function in wanted)
        made = {name: creator_bundle(name, creator, into=Path(folder), target=target) for name in names}
        bundles: dict[FunctionName, Path] = {function: made[bundle_of(function)].path for function in wanted}
        # The CDK copies the zips into the assembly as they are declared, so the folder may go afterwards.
        creator_stacks(app, creator, features=features, bundles=bundles, version=version, known=known)
    return tuple(dict.fromkeys(note for bundle in made.values() for note in bundle.notes))


def write_assembly(creator: Creator, *, out: Path, version: str) -> tuple[str, ...]:
    """Synthesise one creator into the folder `out`."""
    os.makedirs(out, exist_ok=True)
    app = app_for(out)
    notes = add_creator(app, creator, version=version)
    app.synth()
    return notes
