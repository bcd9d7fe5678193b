"""What was measured, as a table and as JSON, and beside an earlier measurement."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import transformers

from wise_hf.benchmark.measurement import EXPONENT, Measurement


SLOWER = "<-- slower"


def machine_load() -> float | None:
    """Programs that want a core, of the last minute; `None` where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def as_report(
    measured: Sequence[Measurement], missing: Mapping[str, str], load: float | None, threads: int, **more: object
) -> dict:
    """The numbers and what they were measured on, for JSON.

    Args:
        measured, missing: of `run_rows`.
        load: of the machine, before.
        threads: of PyTorch, in a process.
        more: what else is known.
    """
    return {
        "comparisons": [each.to_dict() for each in measured],
        "missing": dict(missing),
        "threads": threads,
        "load": load,
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "machine": platform.machine(),
        **more,
    }


def report_text(report: Mapping) -> str:
    """A report as a person reads it."""
    measured = [Measurement(**each) for each in report["comparisons"]]
    missing = [f"{name}: not measured, {reason}" for name, reason in report["missing"].items()]
    load = "unknown" if report["load"] is None else f"{report['load']:.1f}"
    ran = (
        f"PyTorch ran on {report['threads']} thread(s); the load of the {report['cores']} cores was {load} when it "
        "began. The ratio is theirs / ours, with its quartiles over the repeats; of growth it is the exponent (1 is "
        "linear), with the largest as ours and the smallest as theirs."
    )
    return "\n".join([table(measured), *missing, ran])


def table(measured: Sequence[Measurement]) -> str:
    """Measurements as lines of aligned columns."""
    rows = [("what", "ours", "theirs", "ratio", "quartiles")]
    rows += [
        (each.name, _amount(each.ours, each.unit), _amount(each.theirs, each.unit), _ratio(each), _quartiles(each))
        for each in measured
    ]
    return _aligned(rows)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    name_width, *widths = (max(map(len, column)) for column in zip(*rows, strict=True))
    return "\n".join(
        "  ".join([name.ljust(name_width), *(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))])
        for name, *cells in rows
    )


def _amount(value: float, unit: str) -> str:
    return f"{value / 1e6:.2f} MB" if unit == "bytes" else f"{1000 * value:.2f} ms"


def _ratio(measured: Measurement) -> str:
    return f"^{measured.ratio:.2f}" if measured.kind == EXPONENT else f"{measured.ratio:.2f}x"


def _quartiles(measured: Measurement) -> str:
    return f"{measured.low:.2f}-{measured.high:.2f}"


def read_report(path: Path) -> dict[str, Measurement]:
    """The measurements of an earlier report, by name.

    Raises:
        ValueError: it is not one.
    """
    try:
        comparisons = json.loads(path.read_text(encoding="utf-8"))["comparisons"]
        return {each["name"]: Measurement(**each) for each in comparisons}
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is no report of this benchmark; write one by --output.") from error


def beside_earlier(measured: Sequence[Measurement], earlier: Mapping[str, Measurement]) -> str:
    """The ratios beside those of an earlier report, and a mark where a row got slower."""
    rows = [("what", "earlier", "now", "change", "")]
    for each in measured:
        before = earlier.get(each.name)
        if before is None:
            rows.append((each.name, "-", _ratio(each), "", ""))
        else:
            mark = SLOWER if is_slower(each, before) else ""
            rows.append((each.name, _ratio(before), _ratio(each), f"{each.ratio / before.ratio - 1:+.0%}", mark))
    return _aligned(rows)


def is_slower(now: Measurement, before: Measurement) -> bool:
    """Whether a row got slower by more than the spread of its repeats: the quartiles of the two do not meet."""
    return now.low > before.high if now.kind == EXPONENT else now.high < before.low


def fallen_below(share: float, measured: Sequence[Measurement], earlier: Mapping[str, Measurement]) -> list[str]:
    """The names of the rows whose ratio is less than a share of the earlier one; growth is not looked at."""
    known = [(each, earlier[each.name]) for each in measured if each.name in earlier and each.kind != EXPONENT]
    return [now.name for now, before in known if now.ratio < share * before.ratio]
