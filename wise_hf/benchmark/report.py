"""What was measured, as a table and as JSON, and beside an earlier measurement."""

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import transformers

from wise_hf.benchmark.measurement import BYTES, EXPONENT, Measurement
from wise_hf.benchmark.setting import Setting
from wise_hf.data.files import read_json


SLOWER = "<-- slower"
SAME_RATIO, SAME_EXPONENT = 0.95, 0.05  # smaller changes are noise
MUST_AGREE = ("threads", "clock", "torch", "gpu", "machine")


def machine_load() -> float | None:
    """Programs that want a core, of the last minute; `None` where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def as_report(
    measured: Sequence[Measurement], missing: Mapping[str, str], load: float | None, setting: Setting
) -> dict:
    """The numbers and what they were measured on, for JSON.

    Args:
        measured, missing: of `run_rows`.
        load: of the machine, before.
        setting: what with.
    """
    return {
        "comparisons": [each.to_dict() for each in measured],
        "missing": dict(missing),
        "repeats": setting.repeats,
        "threads": setting.threads,
        "clock": setting.unit,
        "load": load,
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "machine": platform.machine(),
    }


def report_text(report: Mapping) -> str:
    """A report as a person reads it."""
    missing = [f"{name}: not measured, {reason}" for name, reason in report["missing"].items()]
    load = "unknown" if report["load"] is None else f"{report['load']:.1f}"
    ran = (
        f"PyTorch and NumPy ran on {report['threads']} thread(s), a training on the CPU on 1; the load of the "
        f"{report['cores']} cores was {load} when it began. CPU ms were computed for, wall ms passed. The ratio is "
        "theirs / ours, with its quartiles over the repeats; of growth it is the exponent (1 is linear), with the "
        "largest as ours and the smallest as theirs."
    )
    return "\n".join([table(list(by_name(report).values())), *missing, ran])


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
    return f"{value / 1e6:.2f} MB" if unit == BYTES else f"{1000 * value:.2f} {unit.removesuffix('s')}ms"


def _ratio(measured: Measurement) -> str:
    return f"^{measured.ratio:.2f}" if measured.kind == EXPONENT else f"{measured.ratio:.2f}x"


def _quartiles(measured: Measurement) -> str:
    return "-" if measured.low == measured.high else f"{measured.low:.2f}-{measured.high:.2f}"  # of one repeat


def by_name(report: Mapping) -> dict[str, Measurement]:
    """The measurements of a report."""
    return {each["name"]: Measurement(**each) for each in report["comparisons"]}


def read_report(path: Path) -> dict:
    """An earlier report.

    Raises:
        ValueError: it is not one.
    """
    way_out = "write one by --output"
    report = read_json(path, way_out)
    try:
        by_name(report)
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is no report of this benchmark; {way_out}.") from error
    return report


def beside_earlier(report: Mapping, earlier: Mapping) -> str:
    """What differs between two reports; the ratios of both, and a mark where a row got slower."""
    rows, known = [("what", "earlier", "now", "change", "")], by_name(earlier)
    for name, now in by_name(report).items():
        before = known.get(name)
        if before is None:
            rows.append((name, "-", _ratio(now), "", ""))
        else:
            mark = SLOWER if is_slower(now, before) else ""
            rows.append((name, _ratio(before), _ratio(now), f"{now.ratio / before.ratio - 1:+.0%}", mark))
    return "\n".join([*differences(report, earlier), _aligned(rows)])


def differences(report: Mapping, earlier: Mapping) -> list[str]:
    """A line that tells what two reports do not have in common and ratios depend on, or none."""
    told = [
        f"{name} {earlier.get(name)} then, {report[name]} now"
        for name in MUST_AGREE
        if earlier.get(name) != report[name]
    ]
    return [f"Measured otherwise than the earlier one: {'; '.join(told)}."] if told else []


def is_slower(now: Measurement, before: Measurement) -> bool:
    """Whether a row got slower by more than noise and by more than the spread of its repeats.

    The quartiles of the two do not meet, and the ratio changed by more than `SAME_RATIO` or `SAME_EXPONENT`.
    """
    if now.kind == EXPONENT:
        return now.low > before.high and now.ratio > before.ratio + SAME_EXPONENT
    return now.high < before.low and now.ratio < SAME_RATIO * before.ratio


def fallen_below(share: float, report: Mapping, earlier: Mapping) -> list[str]:
    """The names of the rows whose ratio is less than a share of the earlier one; growth is not looked at."""
    known = by_name(earlier)
    both = [(now, known[name]) for name, now in by_name(report).items() if name in known and now.kind != EXPONENT]
    return [now.name for now, before in both if now.ratio < share * before.ratio]
