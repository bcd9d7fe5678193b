"""What the paper prints in its Tables 1 and 2, and what is known of where these figures come from."""

from dataclasses import dataclass


CORPUS = "IEMOCAP"
EMOTIONS = ("angry", "happy", "neutral", "sad")
UTTERANCES = 5531

# By the key of the row; WISE stands in both tables.
FIGURES = {
    "audio": {"wa": 0.665, "ua": 0.657},
    "text": {"wa": 0.692, "ua": 0.701},
    "lstm_attention": {"wa": 0.725, "ua": 0.709},
    "cnn_phoneme": {"wa": 0.739, "ua": 0.685},
    "dual_rnn": {"wa": 0.737, "ua": 0.753},
    "wise": {"wa": 0.759, "ua": 0.764},
    "im_dmf": {"wa": 0.729, "ua": 0.742},
    "hr_dmf": {"wa": 0.734, "ua": 0.741},
    "im_hr": {"wa": 0.752, "ua": 0.736},
    "im_dmf_hr_minus": {"wa": 0.743, "ua": 0.754},
}

UNITS_NOTE = (
    "Of the recurrent units the paper prints no figures; it says that all perform alike, and that the GRU has the "
    "fewest parameters and trains much faster (section 3.2)."
)


@dataclass(frozen=True)
class Source:
    """Where a figure of the paper comes from.

    Args:
        mark: as the names of the rows have it, e.g. `[2]`.
        citation: authors and place.
        doi: without the address of the resolver.
        note: what the figure is, as far as it is known.
    """

    mark: str
    citation: str
    doi: str
    note: str


SOURCES = (
    Source(
        "WISE",
        "Shen et al., Interspeech 2020",
        "10.21437/Interspeech.2020-3131",
        "The paper evaluates by 5-fold cross-validation, “similar to the setting in [2, 24]” (section 4.1), and does "
        "not say more: neither what is kept apart from one fold to the next nor what chose the epoch. The folds of "
        "[2] are random utterances. So none of the protocols here is known to be the paper's. It does not say, "
        "either, whether its figures of [2], [10] and [24] were measured anew or taken over.",
    ),
    Source(
        "[2]",
        "Yoon, Byun and Jung, SLT 2018",
        "10.1109/SLT.2018.8639583",
        "Its own abstract gives up to 71.8 % accuracy. The author has since said, beside the code of a later paper, "
        "that the metric of this model was precision. Its released folds are random utterances (80 % training, 6 % "
        "validation, 14 % test; five of them test about 70 % of the corpus): the same speakers and dialogs are in "
        "training and test.",
    ),
    Source(
        "[10]",
        "Xu et al., Interspeech 2019",
        "10.48550/arXiv.1909.05645",
        "Its released recipe, which gives 72.5 % as well, leaves `excited` out (4,490 utterances instead of 5,531), "
        "trains on sessions 1 to 4 and chooses the epoch by the accuracy on session 5, which is also its test part.",
    ),
    Source(
        "[24]",
        "Yenigalla et al., Interspeech 2018",
        "10.21437/Interspeech.2018-1811",
        "It hears spectrogram and phonemes and reads no words. How it splits the corpus is not known here.",
    ),
)
