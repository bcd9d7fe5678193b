"""What a cross-validation found: results.json, results.md and a picture of the confusions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from wise_hf.training.files import write_json, write_text
from wise_hf.visualization import plot_confusion, save_figure


SCORES = ("wa", "ua", "macro_f1")
SYSTEMS = {"test": "WISE", "svm": "SVM on MFCC statistics"}

PROTOCOLS = {
    "none": "no cross-validation: one model, scored on the validation part that chose its epoch",
    "session": "leave one session out: no session or speaker is in training and test",
    "speaker": "leave speakers out: no speaker is in training and test",
    "random": "random utterances: the same speakers are in training and test",
}


def summarize(folds: Sequence[Mapping], part: str) -> dict:
    """
    Mean, deviation and pooled scores of a system over the folds.

    Args:
        folds: results of `run_folds`.
        part: `test` or `svm` for the systems, `validation` for WISE where there is no test part.

    Returns:
        `mean` and `std` (over folds, of the population) of WA, UA and macro F1, and `pooled`: the same of all
        utterances together, with their `confusion` counts.
    """
    values = {name: np.array([fold[part][name] for fold in folds]) for name in SCORES}
    confusion = np.sum([fold[part]["confusion"] for fold in folds], axis=0)
    return {
        "mean": {name: float(values[name].mean()) for name in SCORES},
        "std": {name: float(values[name].std()) for name in SCORES},
        "pooled": scores_of_confusion(confusion) | {"confusion": confusion.tolist()},
    }


def scores_of_confusion(confusion: np.ndarray) -> dict[str, float]:
    """
    WA, UA and macro F1 of (K, K) counts, a row for each true class; classes without utterances are left out.
    """
    correct, true, predicted = np.diag(confusion), confusion.sum(1), confusion.sum(0)
    present = true > 0
    f1 = 2 * correct[present] / (true + predicted)[present]
    recall = correct[present] / true[present]
    return {"wa": float(correct.sum() / true.sum()), "ua": float(recall.mean()), "macro_f1": float(f1.mean())}


def summarize_run(folds: Sequence[Mapping], description: Mapping) -> dict:
    """
    The whole of results.json.

    Args:
        folds: results of `run_folds`.
        description: what was run: `protocol`, `emotions`, `seed`, `recipe`, ...
    """
    parts = [part for part in SYSTEMS if part in folds[0]] or ["validation"]
    systems = {SYSTEMS.get(part, "WISE"): summarize(folds, part) for part in parts}
    return {**description, "scored_part": parts[0], "systems": systems, "folds": list(folds)}


def write_results(results: Mapping, output_dir: Path) -> None:
    """Write `results.json`, `results.md` and `confusion.png`."""
    write_json(output_dir / "results.json", results)
    write_text(output_dir / "results.md", to_markdown(results))
    counts = np.array(results["systems"]["WISE"]["pooled"]["confusion"])
    figure = plot_confusion(counts, results["emotions"], title=f"WISE, {results['protocol']}")
    save_figure(figure, output_dir / "confusion.png")


def to_markdown(results: Mapping) -> str:
    """The results as a person reads them."""
    lines = [f"# {results['corpus']}: {', '.join(results['emotions'])}", ""]
    lines += [
        f"Protocol: {PROTOCOLS[results['protocol']]}. Seed {results['seed']}, recipe `{results['recipe_name']}`, "
    ]
    lines[-1] += f"features normalised by: {results['recipe']['normalization']}."
    if results["scored_part"] == "validation":
        lines += ["", "**These scores are of the validation part, which chose the epoch: they flatter the model.**"]
    lines += ["", "| System | WA | UA | macro F1 | pooled WA | pooled UA |", "|---|---|---|---|---|---|"]
    lines += [_system_row(name, summary) for name, summary in results["systems"].items()]
    lines += ["", "Mean over the folds ± deviation over the folds.", ""]
    confusion = results["systems"]["WISE"]["pooled"]["confusion"]
    return "\n".join(lines + _fold_table(results) + confusion_lines(confusion, results["emotions"])) + "\n"


def _system_row(name: str, summary: Mapping) -> str:
    cells = [f"{summary['mean'][score]:.3f} ± {summary['std'][score]:.3f}" for score in SCORES]
    pooled = [f"{summary['pooled'][score]:.3f}" for score in ("wa", "ua")]
    return f"| {name} | {' | '.join(cells + pooled)} |"


def _fold_table(results: Mapping) -> list[str]:
    part = results["scored_part"]
    lines = ["| Fold | train / validation / test | epoch | validation UA | WA | UA | macro F1 |"]
    lines.append("|---|---|---|---|---|---|---|")
    for fold in results["folds"]:
        sizes = " / ".join(str(size) for size in fold["sizes"].values())
        scores = " | ".join(f"{fold[part][score]:.3f}" for score in SCORES)
        lines.append(f"| {fold['name']} | {sizes} | {fold['epoch']} | {fold['validation']['ua']:.3f} | {scores} |")
    return [*lines, ""]


def confusion_lines(confusion: Sequence[Sequence[int]], emotions: Sequence[str]) -> list[str]:
    """(K, K) counts as the lines of a Markdown table, a row for each true class."""
    lines = [f"| true \\ WISE says | {' | '.join(emotions)} |", "|---" * (len(emotions) + 1) + "|"]
    for emotion, counts in zip(emotions, confusion, strict=True):
        lines.append(f"| {emotion} | {' | '.join(str(count) for count in counts)} |")
    return lines
