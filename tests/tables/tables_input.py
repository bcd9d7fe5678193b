"""Results of a comparison as `wise_hf.tables.summary` takes them, made up; `random` tests 70 % of the utterances."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
from sklearn.metrics import confusion_matrix

from wise_hf.training.recipe import PAPER
from wise_hf.training.scores import scores_of_confusion


FRAMES = {"text": "no frames", "lstm_attention": "features of their own", "cnn_phoneme": "features of their own"}
FRAMES |= {"dual_rnn": "features of their own"}
WITHOUT = {
    "im_dmf": "Hierarchy (HR)",
    "hr_dmf": "Interaction (IM)",
    "im_hr": "Attention (DMF)",
    "im_dmf_hr_minus": "Phoneme level (HR)",
}
# Key, name, tables, how often it is right, parameters.
ROWS = (
    ("audio", "Audio only", ["table_1"], 0.55, 41_234),
    ("text", "Text only", ["table_1"], 0.5, 380_104),
    ("lstm_attention", "LSTM+Attn [10]", ["table_1"], 0.6, 812_004),
    ("cnn_phoneme", "CNN+Phoneme [24]", ["table_1"], 0.58, 5_733_904),
    ("dual_rnn", "Dual RNNs [2]", ["table_1"], 0.62, 541_221),
    ("im_dmf", "IM+DMF", ["table_2"], 0.63, 470_004),
    ("hr_dmf", "HR+DMF", ["table_2"], 0.64, 480_004),
    ("im_hr", "IM+HR", ["table_2"], 0.61, 490_004),
    ("im_dmf_hr_minus", "IM+DMF+HR-", ["table_2"], 0.66, 500_004),
    ("wise", "WISE", ["table_1", "table_2", "units"], 0.7, 551_234),
    ("lstm", "WISE with LSTM", ["units"], 0.69, 571_234),
    ("bilstm", "WISE with Bi-LSTM", ["units"], 0.7, 641_234),
    ("svm", "SVM", ["more"], 0.57, None),
)
EMOTIONS = ["angry", "happy", "neutral", "sad"]
SENTENCE = ["why", "would", "you", "do", "that", "to", "me"]


def make_results(
    num_utterances: int = 120,
    seeds: Sequence[int] = (0,),
    protocols: Sequence[str] = ("session", "random"),
    corpus: str = "calls",
    emotions: Sequence[str] = EMOTIONS,
    missing: Sequence[tuple[str, str]] = (),
) -> dict:
    """Args:
    num_utterances: of the corpus, at least 40 or so.
    seeds, protocols, corpus, emotions: as in the results.
    missing: (protocol, key) of runs that are not there.
    """
    generator = np.random.default_rng(0)
    emotions = list(emotions)
    truth = {f"clip_{i:04}": emotions[i % len(emotions)] for i in range(num_utterances)}
    rows = [_row(key, name, tables) for key, name, tables, _, _ in ROWS]
    runs = [
        {"protocol": protocol, "key": key, "seed": seed, "folds": _folds(generator, truth, emotions, protocol, key, p)}
        for protocol in protocols
        for key, _, _, p, _ in ROWS
        if (protocol, key) not in missing
        for seed in seeds
    ]
    described = {"corpus": corpus, "emotions": emotions, "num_utterances": num_utterances, "seeds": list(seeds)}
    return described | {
        "word_vectors": "learnt",
        "protocols": list(protocols),
        "truth": truth,
        "rows": rows,
        "runs": runs,
    }


def _row(key: str, name: str, tables: list[str]) -> dict:
    recipe = {} if key == "svm" else asdict(replace(PAPER, epochs=60) if key == "dual_rnn" else PAPER)
    described = {"frames": FRAMES.get(key, "MFCC"), "without": WITHOUT.get(key)}
    return {"key": key, "name": name, "tables": tables, "recipe": recipe} | described


def _folds(generator: np.random.Generator, truth: dict, emotions: list, protocol: str, key: str, p: float) -> list:
    ids = list(truth)[: int(len(truth) * 0.7)] if protocol == "random" else list(truth)
    p += 0.1 * (protocol == "random")
    return [_fold(generator, truth, emotions, key, p, number, ids[number::5]) for number in range(5)]


def _fold(generator: np.random.Generator, truth: dict, emotions: list, key: str, p: float, number: int, ids: list):
    guesses = {each: str(generator.choice(emotions)) for each in ids}
    predictions = {each: truth[each] if generator.random() < p else guesses[each] for each in ids}
    scores = scores_of(predictions, truth, emotions)
    fold = {
        "name": f"session: {number + 1}",
        "sizes": {"train": len(truth) - 2 * len(ids), "validation": len(ids), "test": len(ids)},
        "epoch": 7,
        "history": [] if key == "svm" else _history(generator, p, 12 + number),
        "validation": scores,
        "test": scores,
        "predictions": predictions,
        "seconds": 40.0 + number,
    }
    if key != "svm":
        fold["parameters"] = next(parameters for its_key, *_, parameters in ROWS if its_key == key)
    if key == "wise":
        fold["examples"] = [_example(generator, each, truth, predictions) for each in ids[:2]]
    return fold


def scores_of(predictions: dict, truth: dict, emotions: list) -> dict:
    """The scores of some utterances, as a fold has them."""
    true = [truth[utterance] for utterance in predictions]
    counts = confusion_matrix(true, list(predictions.values()), labels=emotions)
    return scores_of_confusion(counts) | {"confusion": counts.tolist()}


def _history(generator: np.random.Generator, p: float, epochs: int) -> list[dict]:
    ua = p - 0.4 * np.exp(-np.arange(epochs) / 3) + generator.normal(0, 0.03, epochs)
    return [{"epoch": i + 1, "loss": 1.0 / (i + 1), "wa": float(u), "ua": float(u)} for i, u in enumerate(ua)]


def _example(generator: np.random.Generator, utterance: str, truth: dict, predictions: dict) -> dict:
    weights = generator.dirichlet(np.ones(len(SENTENCE)))
    words = [{"word": word, "attention": float(w)} for word, w in zip(SENTENCE, weights, strict=True)]
    return {"id": utterance, "emotion": truth[utterance], "predicted": predictions[utterance], "words": words}
