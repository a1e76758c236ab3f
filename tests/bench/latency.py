"""Glass to glass: how long it takes from a picture in front of the camera to the same picture on a fan's screen.

A publisher draws the time into each picture as it hands it to its encoder, as bars (`tests/publisher.py`). The live page of a real
Chromium plays the stream of `prism dev` with the player that fans have. For every picture that is shown the page reads the bars
back from a canvas; camera and screen are one machine with one clock, so the difference is the latency of everything between them.
"""

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.bench.figures import Figure, NotMeasured
from tests.publisher import BITS, CLOCK_WRAP, RATE, ClockPublisher

LIMIT_MEDIAN, LIMIT_P95 = 2.0, 3.0
WARM_UP, SECONDS = 20, 60
WIDTH, HEIGHT = 640, 360
FEWEST = RATE * SECONDS // 3
"""Pictures shown, below which the machine was too busy for what was measured to mean anything."""

_MOST = 60.0
"""Seconds. Bars that say more were not read rightly: encoding has blurred one."""

# In the page: [seconds behind] for each picture shown from now on.
_READ = f"""() => {{
  const video = document.querySelector("video");
  const canvas = new OffscreenCanvas({BITS}, 1);
  const context = canvas.getContext("2d", {{ willReadFrequently: true }});
  const wrap = {CLOCK_WRAP};
  const wide = Math.floor({WIDTH} / {BITS});
  globalThis.behind = [];
  const read = (_, {{ width, height, expectedDisplayTime }}) => {{
    // The middle of each bar, in the middle of the rows that have them.
    const scale = width / {WIDTH};
    for (let bar = 0; bar < {BITS}; bar++)
      context.drawImage(video, (bar + 0.5) * wide * scale - 1, height / 16 - 1, 2, 2, bar, 0, 1, 1);
    const {{ data }} = context.getImageData(0, 0, {BITS}, 1);
    let value = 0;
    for (let bar = 0; bar < {BITS}; bar++) value = value * 2 + (data[4 * bar] > 128 ? 1 : 0);
    const shown = performance.timeOrigin + expectedDisplayTime;
    globalThis.behind.push(((((shown - value) % wrap) + wrap) % wrap) / 1000);
    video.requestVideoFrameCallback(read);
  }};
  video.requestVideoFrameCallback(read);
}}"""


def measure() -> list[Figure]:
    from tests.e2e.browser import a_browser
    from tests.e2e.conftest import onboarded
    from tests.e2e.evening import OWNER, Evening
    from tests.e2e.visitor import a_visitor

    with (
        tempfile.TemporaryDirectory(prefix="prism-bench-") as home,
        onboarded(Path(home), "nora", OWNER.name) as platform,
        a_browser() as browser,
    ):
        evening = Evening(platform=platform, film=Path())
        with a_visitor(browser) as owner:
            evening.joins(owner.page, OWNER)
            evening.read_key(owner.page)
        with ClockPublisher(evening.ingest + evening.key, width=WIDTH, height=HEIGHT), a_visitor(browser) as fan:
            evening.comes_to("live")
            fan.page.goto(f"{platform.origin}/live/")
            behind = watched(fan.page)
    return figures(behind)


def watched(page: Page) -> list[float]:
    """Seconds behind, of every picture that the page shows in a minute once it has played for a while."""
    expect(page.locator("[data-player]")).to_have_attribute("data-state", "playing", timeout=60_000)
    page.wait_for_timeout(1000 * WARM_UP)
    page.evaluate(_READ)
    page.wait_for_timeout(1000 * SECONDS)
    return [float(seconds) for seconds in page.evaluate("behind")]


def figures(behind: list[float]) -> list[Figure]:
    """Median and 95th percentile; NotMeasured where too few pictures were shown."""
    read = [seconds for seconds in behind if seconds < _MOST]
    if len(read) < FEWEST:
        raise NotMeasured(
            f"only {len(read)} pictures were shown in {SECONDS} s; try again when the machine is less busy"
        )
    return [
        Figure(name="glass to glass, median", measured=statistics.median(read), limit=LIMIT_MEDIAN, unit="s"),
        Figure(
            name="glass to glass, 95th percentile",
            measured=statistics.quantiles(read, n=20)[-1],
            limit=LIMIT_P95,
            unit="s",
        ),
    ]
