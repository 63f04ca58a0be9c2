"""What the benchmark's runner wrote on the bench: ``log.txt`` of MLPerf Tiny's public results."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from sim.errors import CrosscamError
from sim.reading import MEGABYTE, UnreadableError, plain_bytes

_LOAD = re.compile(r'Command "bload dut ".*?([^/"]+)""?(?: (\d{1,18}) (\d{1,18}))?')
_COUNT = re.compile(r'Command "(?:io )?dut infer (\d{1,18})(?!\d)')
_LAP = re.compile(r"m-lap-us-(\d{1,18})(?!\d)")
_RESULTS = re.compile(r"m-results-\[([^\]]*)\]")
_WINDOW = re.compile(r"# Inferences : +(\d{1,18})\n.*Runtime +: +(\d{1,9}\.\d{1,9}) sec")
_THROUGHPUT = re.compile(r"Estimated throughput: (\d{1,9}(?:\.\d{1,9})?) inf")


LARGEST_LOG = 64 * MEGABYTE


def scores_of(text: str) -> tuple[float, ...] | None:
    """The numbers of ``m-results-[..]``; None when one is none."""
    try:
        return tuple(float(part) for part in text.split(",") if part)
    except ValueError:
        return None


@dataclass
class HardwareLog:
    """``microseconds``: an inference, median of the runs; ``results``: (input file, inferences) -> scores.

    With one warm-up inference or more the scores may be those of an input the network has overwritten, so results
    can be compared only for runs of the same number of inferences.
    """

    microseconds: float = 0.0
    results: dict[tuple[str, int], tuple[float, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> HardwareLog:
        """Parse ``path``; CrosscamError when it cannot be read or holds no measured inference.

        An Energy image and a streaming one print no time stamps: ``results.txt`` beside the log has the spans, in ms,
        or the inferences a second.
        """
        text = _text_of(path)
        log, spans = cls(), []
        source, count, laps = "", 0, list[int]()
        for line in text.splitlines():
            if found := _LOAD.search(line):
                # A file sent in parts (anomaly detection slides a window over it) is another input each time.
                source = found[1] if found[2] in (None, "0") else f"{found[1]}+{found[2]}"
            elif found := _COUNT.search(line):
                count, laps = int(found[1]), []
            elif found := _LAP.search(line):
                laps.append(int(found[1]))
                if count and len(laps) == 2:
                    spans.append(((laps[1] - laps[0]) & 0xFFFFFFFF) / count)
            elif (found := _RESULTS.search(line)) and count:
                scores = scores_of(found[1])
                if scores is None:
                    raise CrosscamError(f"{path}: m-results-[{found[1]}]: expected numbers")
                log.results.setdefault((source, count), scores)
        if not spans:
            spans = _spans_in(path.with_name("results.txt"))
        if not spans:
            raise CrosscamError(f"{path}: no `dut infer` with two m-lap-us lines in it; expected the runner's log.txt")
        log.microseconds = sorted(spans)[len(spans) // 2]
        return log

    @property
    def inputs(self) -> list[str]:
        """Names of the input files that were run once, without warm-up: their scores can be compared."""
        return [source for source, count in self.results if count == 1]


def _text_of(path: Path) -> str:
    try:
        return plain_bytes(path, LARGEST_LOG).decode("ascii", "replace").replace("\r\n", "\n")
    except (OSError, UnreadableError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CrosscamError(f"{path}: cannot be read ({reason}); expected what the runner wrote") from error


def _spans_in(summary: Path) -> list[float]:
    """Microseconds an inference, of each window, from a ``results.txt``; none where it is missing or has none."""
    text = _text_of(summary) if summary.is_file() else ""
    windows = [1e6 * float(seconds) / int(runs) for runs, seconds in _WINDOW.findall(text) if int(runs)]
    return windows or [1e6 / float(rate) for rate in _THROUGHPUT.findall(text) if float(rate)]


def log_beside(image: Path, kind: str = "performance", model: str = "") -> Path | None:
    """The log that belongs to an image: ``log.txt`` beside it, or in the layout of the published results.

    ``closed/<who>/code/<board>/<task>/x.bin`` has ``closed/<who>/results/<board>/<task>/<kind>/log.txt``; where the
    code's folder calls the task otherwise, it is told from ``model``, such as ``kws01``.
    """
    folder = image.resolve().parent
    candidates = [folder / kind / "log.txt", folder / "log.txt"]
    parts = folder.parts
    if "code" in parts:
        index = len(parts) - 1 - parts[::-1].index("code")
        results = Path(*parts[:index], "results")
        candidates.insert(0, results.joinpath(*parts[index + 1 :], kind, "log.txt"))
        if model and len(parts) > index + 1:
            candidates.append(results / parts[index + 1] / model.rstrip("0123456789") / kind / "log.txt")
    return next((path for path in candidates if path.is_file()), None)
