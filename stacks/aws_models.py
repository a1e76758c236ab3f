"""botocore in a bundle: its descriptions of the few calls that functions make, instead of all of AWS.

A function's cold start reads these files. The whole of them is two fifths of what making a client
costs, and 25 MB.
"""

import gzip
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_SHARED = ("_retry", "endpoints", "partitions", "sdk-default-configuration")
_PARTITION = "aws"


def prune(data: Path, calls: Mapping[str, Iterable[str]]) -> None:
    """Leave in botocore's `data` folder what `calls` (operations by service) need; KeyError names an unknown one."""
    kept = data.with_name("data.kept")
    prefixes = {_service(data / service, kept / service, operations) for service, operations in calls.items()}
    for name in _SHARED:
        _write(kept / f"{name}.json", _read(data, name))
    endpoints = _read(kept, "endpoints")
    endpoints["partitions"] = [
        {**partition, "services": {name: of for name, of in partition["services"].items() if name in prefixes}}
        for partition in endpoints["partitions"]
        if partition["partition"] == _PARTITION
    ]
    _write(kept / "endpoints.json", endpoints)
    shutil.rmtree(data)
    kept.rename(data)


def _service(source: Path, target: Path, operations: Iterable[str]) -> str:
    """The newest version of one service, with these operations only; its prefix in the table of endpoints."""
    version = max(folder.name for folder in source.iterdir() if _read(folder, "service-2") is not None)
    model = _read(source / version, "service-2")
    model["operations"] = {name: model["operations"][name] for name in sorted(operations)}
    needed: set[str] = set()
    _follow(model["operations"], model["shapes"], needed)
    model["shapes"] = {name: shape for name, shape in model["shapes"].items() if name in needed}
    _write(target / version / "service-2.json", model)
    paginators = _read(source / version, "paginators-1") or {"pagination": {}}
    kept = {name: how for name, how in paginators["pagination"].items() if name in model["operations"]}
    _write(target / version / "paginators-1.json", {"pagination": kept})
    for name in ("endpoint-rule-set-1", "service-2.sdk-extras"):
        also = _read(source / version, name)
        if also is not None:
            _write(target / version / f"{name}.json", also)
    prefix: str = model["metadata"]["endpointPrefix"]
    return prefix


def _follow(part: Any, shapes: Mapping[str, Any], needed: set[str]) -> None:
    """Add the shapes that `part` names, and those that they name."""
    if isinstance(part, Mapping):
        name = part.get("shape")
        if isinstance(name, str) and name not in needed:
            needed.add(name)
            _follow(shapes[name], shapes, needed)
    for inner in part.values() if isinstance(part, Mapping) else part if isinstance(part, list) else ():
        _follow(inner, shapes, needed)


def _read(folder: Path, name: str) -> Any:
    """The description, None where there is none; botocore has them compressed or not."""
    plain, compressed = folder / f"{name}.json", folder / f"{name}.json.gz"
    if compressed.exists():
        return json.loads(gzip.decompress(compressed.read_bytes()))
    return json.loads(plain.read_bytes()) if plain.exists() else None


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_silent(content), separators=(",", ":")), encoding="utf-8")


def _silent(part: Any) -> Any:
    """Without the texts of the manual."""
    if isinstance(part, Mapping):
        return {
            # botocore asks for the texts of these few.
            key: inner if key == "clientContextParams" else _silent(inner)
            for key, inner in part.items()
            if not (key in {"documentation", "documentationUrl"} and isinstance(inner, str))
        }
    return [_silent(inner) for inner in part] if isinstance(part, list) else part
