"""IEMOCAP's labels, and the sets of emotions that people train on."""

from collections.abc import Mapping


# Label of a summary line -> emotion. `xxx` stands where the evaluators did not agree.
LABEL_NAMES = {
    "ang": "angry",
    "dis": "disgusted",
    "exc": "excited",
    "fea": "fearful",
    "fru": "frustrated",
    "hap": "happy",
    "neu": "neutral",
    "oth": "other",
    "sad": "sad",
    "sur": "surprised",
    "xxx": "undecided",
}

# Set of emotions -> label read -> emotion. "four" is the paper's: excited counts as happy.
LABEL_SETS: Mapping[str, Mapping[str, str]] = {
    "four": {"angry": "angry", "happy": "happy", "excited": "happy", "neutral": "neutral", "sad": "sad"},
    "four_happy": {name: name for name in ("angry", "happy", "neutral", "sad")},
    "six": {name: name for name in ("angry", "excited", "frustrated", "happy", "neutral", "sad")},
    "all": {name: name for name in sorted(LABEL_NAMES.values())},
}
