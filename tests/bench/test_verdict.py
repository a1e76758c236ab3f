"""`make bench` says no when a number is beyond its limit, or is not there."""

import pytest

from tests.bench.__main__ import BENCHMARKS, main
from tests.bench.figures import Figure, NotMeasured


def _measured(value: float) -> list[Figure]:
    return [Figure(name="pages read", measured=value, limit=10, unit="kB")]


@pytest.mark.parametrize(("value", "status", "verdict"), [(10, 0, "ok"), (10.1, 1, "TOO MUCH")])
def test_a_number_beyond_its_limit_fails(
    value: float, status: int, verdict: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(BENCHMARKS, "pages", lambda: _measured(value))
    assert main(["pages"]) == status
    assert f"10 kB  {verdict}" in capsys.readouterr().out


def test_what_cannot_be_measured_fails_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> list[Figure]:
        raise NotMeasured("valgrind is not here: sudo apt install valgrind")

    monkeypatch.setitem(BENCHMARKS, "cold-start", missing)
    assert main(["cold-start"]) == 1
    assert "sudo apt install valgrind" in capsys.readouterr().err


def test_an_unknown_benchmark_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cold"]) == 2
    assert "cold-start" in capsys.readouterr().err
