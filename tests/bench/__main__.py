"""`python -m tests.bench [cold-start] [first-site] [synthesis] [pages] [sessions] [latency]`: measure, print a table, exit 1 beyond a limit."""

import sys
from collections.abc import Callable, Sequence

from tests.bench import cold_start, first_site, latency, pages, sessions, synthesis
from tests.bench.figures import Figure, NotMeasured, table

BENCHMARKS: dict[str, Callable[[], list[Figure]]] = {
    "cold-start": cold_start.measure,
    "first-site": first_site.measure,
    "synthesis": synthesis.measure,
    "pages": pages.measure,
    "sessions": sessions.measure,
    "latency": latency.measure,
}


def main(names: Sequence[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    missing: list[str] = []
    for name in names or BENCHMARKS:
        print(f"{name} …", flush=True)
        try:
            figures += BENCHMARKS[name]()
        except (NotMeasured, RuntimeError) as error:
            missing.append(f"{name} was not measured: {error}")
    print(f"\n{table(figures)}")
    for line in missing:
        print(line, file=sys.stderr)
    beyond = [figure for figure in figures if not figure.holds]
    print(f"\n{len(figures) - len(beyond)} of {len(figures)} within their limits. How: docs/benchmarks.md")
    return 1 if beyond or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
