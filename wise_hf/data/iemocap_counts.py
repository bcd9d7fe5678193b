"""What is in IEMOCAP, as published splits and parsers count it: every reading of the corpus is held against this."""

SESSIONS = ("Ses01", "Ses02", "Ses03", "Ses04", "Ses05")

DIALOGS = dict(zip(SESSIONS, (28, 30, 32, 30, 31), strict=True))
UTTERANCES = dict(zip(SESSIONS, (1819, 1811, 2136, 2103, 2170), strict=True))

LABELS = {
    "undecided": 2507,
    "frustrated": 1849,
    "neutral": 1708,
    "angry": 1103,
    "sad": 1084,
    "excited": 1041,
    "happy": 595,
    "surprised": 107,
    "fearful": 40,
    "other": 3,
    "disgusted": 2,
}

# The labels that the paper's four classes are made of: 5,531 utterances.
FOUR_CLASS_LABELS = ("angry", "happy", "excited", "neutral", "sad")
_BY_SPEAKER = {
    "Ses01F": (147, 69, 63, 171, 78),
    "Ses01M": (82, 66, 80, 213, 116),
    "Ses02F": (67, 70, 96, 135, 113),
    "Ses02M": (70, 47, 114, 227, 84),
    "Ses03F": (92, 80, 48, 130, 172),
    "Ses03M": (148, 55, 103, 190, 133),
    "Ses04F": (205, 31, 154, 76, 62),
    "Ses04M": (122, 34, 84, 182, 81),
    "Ses05F": (78, 77, 82, 221, 132),
    "Ses05M": (92, 66, 217, 163, 113),
}
SPEAKERS = {speaker: dict(zip(FOUR_CLASS_LABELS, counts, strict=True)) for speaker, counts in _BY_SPEAKER.items()}
IMPROVISED = dict(zip(SESSIONS, (521, 530, 627, 534, 731), strict=True))  # of the four classes' utterances
SCRIPTED = dict(zip(SESSIONS, (564, 493, 524, 497, 510), strict=True))

# The only utterances that have no segment files.
WITHOUT_SEGMENTS = ("Ses03M_impro03_M001", "Ses03F_impro07_M030")
