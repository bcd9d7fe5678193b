"""What a cross-validation found: results.json, results.md and a picture of the confusions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from wise_hf.data.files import write_json, write_text
from wise_hf.data.folds import MIN_SENTENCE_WORDS, PARTS
from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.visualization import plot_confusion, save_figure
from wise_hf.training.recipe import RECIPES


SCORES = ("wa", "ua", "macro_f1")
SYSTEMS = {
    "test": "WISE",
    "test_unknown": "WISE, speakers unknown",
    "svm": "SVM on MFCC statistics",
    "svm_unknown": "SVM, speakers unknown",
}
RESULT_FILES = ("results.json", "results.md", "confusion.png")

PROTOCOLS = {
    "none": "no cross-validation: one model, scored on the validation part that chose its epoch",
    "session": "leave sessions out: no session is in training and test",
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
    results = {**description, "scored_part": parts[0], "systems": systems}
    by_scenario = summarize_scenarios(folds)
    return results | ({"by_scenario": by_scenario} if by_scenario else {}) | {"folds": list(folds)}


def summarize_scenarios(folds: Sequence[Mapping]) -> dict[str, dict]:
    """
    WISE's scores on the improvised and the scripted utterances apart.

    Args:
        folds: results of `run_folds`.

    Returns:
        For every scenario that a test part has: `num_utterances`, and what `summarize` gives for the folds with it.
    """
    scored = [fold.get("by_scenario", {}) for fold in folds]
    summaries = {}
    for name in sorted({name for scores in scored for name in scores}):
        summary = summarize([scores for scores in scored if name in scores], name)
        summaries[name] = {"num_utterances": int(np.sum(summary["pooled"]["confusion"]))} | summary
    return summaries


def write_results(results: Mapping, output_dir: Path) -> None:
    """Write `results.json`, `results.md` and `confusion.png`."""
    write_json(output_dir / "results.json", results)
    write_text(output_dir / "results.md", to_markdown(results))
    counts = np.array(results["systems"]["WISE"]["pooled"]["confusion"])
    figure = plot_confusion(counts, results["emotions"], title=f"WISE, {results['protocol']}")
    save_figure(figure, output_dir / "confusion.png")


def to_markdown(results: Mapping) -> str:
    """The results as a person reads them."""
    lines = [f"# {results['corpus']}: {', '.join(results['emotions'])}", "", *corpus_lines(results)]
    lines += [*protocol_lines(results), "", setup_line(results), "", *system_lines(results), ""]
    confusion = results["systems"]["WISE"]["pooled"]["confusion"]
    return "\n".join(lines + fold_lines(results) + confusion_lines(confusion, results["emotions"])) + "\n"


def protocol_lines(results: Mapping) -> list[str]:
    """Who was tested by whom, and what was kept out of the training."""
    return [_protocol(results), *_left_out(results)]


def system_lines(results: Mapping) -> list[str]:
    """The scores of every system, and what one has to know of them."""
    lines = ["| System | WA | UA | macro F1 | pooled WA | pooled UA |", "|---|---|---|---|---|---|"]
    if results["scored_part"] == "validation":
        told = "**These scores are of the validation part, which chose the epoch: they flatter the model.**"
        lines = [told, "", *lines]
    lines += [_system_row(name, summary) for name, summary in results["systems"].items()]
    return [*lines, "", "Mean over the folds ± deviation over the folds.", *_notes(results), *_scenario_table(results)]


def _protocol(results: Mapping) -> str:
    protocol = PROTOCOLS.get(results["protocol"], results["protocol"])  # a file of folds has what name it likes
    source = f", those of {results['folds_file']}" if results.get("folds_file") else ""
    return f"Protocol: {protocol}. Folds: {len(results['folds'])}{source}, seed {results['seed']}."


def corpus_lines(results: Mapping) -> list[str]:
    """How much of what was learnt from, and how it was read: no figure means much without it."""
    if "emotion_counts" not in results:
        return []
    counts = ", ".join(f"{emotion} {results['emotion_counts'].get(emotion, 0)}" for emotion in results["emotions"])
    aligned = ", ".join(f"{source} {count}" for source, count in sorted(results["alignments"].items()))
    options = ", ".join(f"{name}={_as_text(value)}" for name, value in results["corpus_options"].items())
    skipped = f"; passed over: {results['num_skipped']}" if results.get("num_skipped") else ""
    return [
        f"{results['num_utterances']} utterances ({counts}{skipped}); words by: {aligned}; read with {options}.",
        "",
    ]


def _as_text(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{old}={new}" for old, new in value.items())
    return ",".join(value) if isinstance(value, (list, tuple)) else str(value)


def _left_out(results: Mapping) -> list[str]:
    counts = results.get("left_out", [])
    told = f"Left out, fold by fold: {', '.join(map(str, counts))} utterances."
    if results.get("text_disjoint"):
        kept_out = f"no text of a fold's test part, nor a sentence of at least {MIN_SENTENCE_WORDS} words of it,"
        return ["", f"Text-disjoint: {kept_out} is in its training or validation part. {told}"]
    return ["", told] if any(counts) else []


def setup_line(results: Mapping) -> str:
    """The recipe and the model, with everything in which they differ from what the recipe's name says."""
    named = asdict(RECIPES[results["recipe_name"]])
    changed = {name: value for name, value in results["recipe"].items() if _as_json(named[name]) != _as_json(value)}
    usual = WISEConfig().to_dict() | {"freeze_word_embeddings": results["word_vectors"] != "learnt"}
    model = {name: value for name, value in results["model"].items() if name not in named and usual[name] != value}
    told = ", ".join(f"{name}={value}" for name, value in (changed | model).items())
    return (
        f"Recipe `{results['recipe_name']}`{', but ' + told if told else ''}; features normalised by: "
        f"{results['recipe']['normalization']}; word vectors: {results['word_vectors']}."
    )


def _as_json(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _notes(results: Mapping) -> list[str]:
    notes = []
    with_svm = SYSTEMS["svm"] in results["systems"]
    if results["recipe"]["normalization"] == "speaker":
        unknown = (
            f" `speakers unknown`: the same WISE model where nobody knows, as on a single call"
            f"{', and an SVM that never knew' if with_svm else ''}."
        )
        notes.append(
            f"{'WISE and the SVM know' if with_svm else 'WISE knows'} who speaks: a speaker's features are normalised "
            "by all of his or her recordings, without looking at labels."
            f"{unknown if SYSTEMS['test_unknown'] in results['systems'] else ''}"
        )
    if results["scored_part"] == "test":
        refit = results["recipe"]["refit"]
        trained = "the training and the validation part" if refit else "the training part"
        of_svm = ", the SVM from the training and the validation part" if with_svm else ""
        notes.append(f"WISE learnt from {trained}{of_svm}.")
        if refit:
            notes.append("The validation UA is that of a model that never saw the validation part, at its best epoch.")
    return [line for note in notes for line in ("", note)]


def _scenario_table(results: Mapping) -> list[str]:
    by_scenario = results.get("by_scenario", {})
    if not by_scenario:
        return []
    lines = ["", "| WISE by scenario | utterances | WA | UA | macro F1 | pooled WA | pooled UA |", "|---" * 7 + "|"]
    lines += [_system_row(f"{name} | {each['num_utterances']}", each) for name, each in by_scenario.items()]
    if "scripted" in by_scenario:
        kept_out = "what is word for word the same in the test part was kept out of training"
        seen = "a model that reads text has met those of the test part in training, unless `--text_disjoint` is given"
        told = kept_out if results.get("text_disjoint") else seen
        lines += ["", f"The scripted dialogs have the same lines in every session: {told}."]
    return lines


def _system_row(name: str, summary: Mapping) -> str:
    cells = [f"{summary['mean'][score]:.3f} ± {summary['std'][score]:.3f}" for score in SCORES]
    pooled = [f"{summary['pooled'][score]:.3f}" for score in ("wa", "ua")]
    return f"| {name} | {' | '.join(cells + pooled)} |"


def fold_lines(results: Mapping) -> list[str]:
    """The scores of each fold, as the lines of a Markdown table."""
    part = results["scored_part"]
    lines = ["| Fold | train / validation / test | epoch | validation UA | WA | UA | macro F1 |"]
    lines.append("|---|---|---|---|---|---|---|")
    for fold in results["folds"]:
        sizes = " / ".join(str(fold["sizes"][part]) for part in PARTS)
        if "left_out" in fold["sizes"]:
            sizes += f" ({fold['sizes']['left_out']} left out)"
        scores = " | ".join(f"{fold[part][score]:.3f}" for score in SCORES)
        lines.append(f"| {fold['name']} | {sizes} | {fold['epoch']} | {fold['validation']['ua']:.3f} | {scores} |")
    return [*lines, ""]


def confusion_lines(confusion: Sequence[Sequence[int]], emotions: Sequence[str]) -> list[str]:
    """(K, K) counts as the lines of a Markdown table, a row for each true class."""
    lines = [f"| true \\ WISE says | {' | '.join(emotions)} |", "|---" * (len(emotions) + 1) + "|"]
    for emotion, counts in zip(emotions, confusion, strict=True):
        lines.append(f"| {emotion} | {' | '.join(str(count) for count in counts)} |")
    return lines
