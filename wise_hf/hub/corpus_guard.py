"""Nothing of a corpus is published: no recording, transcript, alignment or feature."""

import re
from itertools import chain
from pathlib import Path


# What the names of a corpus's files and folders end in, small letters or large.
CORPUS_NAMES = {
    "a recording": r"\.(3g[2p]|aac|aif[cf]?|amr|au|avi|avr|caf|flac|iff|m4[abv]|mkv|mov|mp[34c]|nist|og[ag]|opus|paf|"
    r"pvf|raw|rf64|sd[2s]|sf|snd|sph|svx|voc|w64|wav|webm|wma|wve|xi)",
    "a prepared corpus or features": r"\.(arrow|htk|np[yz]|parquet)|dataset_info\.json",
    "a list of recordings": r"metadata\.(csv|jsonl)",
    "what is said in recordings, and when": r"\.words\.json|\.(wd|ph|sy)seg|\.(ctm|srt|TextGrid|vtt)|transcriptions",
    "the labels of a corpus": "EmoEvaluation",
}

LICENCE = (
    "nothing of a corpus is published, be it recordings, transcripts or features: IEMOCAP is licensed for research to "
    "the person who signed for it and may not be passed on; other corpora have licences of their own"
)


def check_no_corpus(folder: Path) -> None:
    """Look at the names of all that lies in a folder, at any depth.

    Args:
        folder: a model's folder.

    Raises:
        ValueError: for a folder in which anything looks like part of a corpus.
    """
    for path in chain([folder], folder.rglob("*")):
        for kind, pattern in CORPUS_NAMES.items():
            if re.search(f"({pattern})$", path.name, re.IGNORECASE):
                raise ValueError(
                    f"{path} looks like {kind}, and {LICENCE}. Move it out of the folder, or give the folder of a "
                    "model only, such as OUT/model or OUT/fold_1."
                )
