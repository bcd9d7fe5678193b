"""IEMOCAP: sessions, dialogs, labels and the words of its forced alignment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from datasets import Dataset

from wise_hf.data.corpora.corpus import Corpus
from wise_hf.data.corpora.iemocap.labels import LABEL_SETS
from wise_hf.data.corpora.iemocap.reader import SCENARIOS, load_iemocap
from wise_hf.data.corpora.iemocap.words import END_RULES
from wise_hf.data.options import Options, not_negative, option


# A README.txt that begins so says that a folder is an imitation (`wise_hf.synthetic.imitation`).
IMITATION_MARK = "An imitation of IEMOCAP, made by wise_hf."
IMITATION = "Imitation of IEMOCAP (synthetic speech)"
LICENCE = (
    "[IEMOCAP](https://sail.usc.edu/iemocap/), acted dialogs of ten speakers. It is licensed for research to the "
    "person who signed for it, and may not be passed on: no recording, transcript or feature of it is in this "
    "repository."
)
NOT_REAL = (
    "Synthetic speech (espeak-ng) in the folders and formats of IEMOCAP. Nothing of IEMOCAP is in it. The scores show "
    "that the machinery works, and nothing about real emotions."
)


@dataclass(frozen=True, kw_only=True)
class IemocapOptions(Options):
    """What `load_iemocap` takes besides; `None` = not given."""

    _argument_group_name = "IEMOCAP only"

    scenario: str | None = option(None, choices=SCENARIOS, help="only these utterances")
    frame_offset: Annotated[float | None, not_negative] = option(
        None, help="added to the segments' frames of 10 ms (default: 0)"
    )
    end_rule: str | None = option(
        None, choices=END_RULES, help="is its last frame part of a segment? (default: inclusive)"
    )
    keep_nonverbal: bool = option(False, help="laughter and the like are words")
    allow_incomplete: bool = option(False, help="go on with what is there")


def read(
    data_dir: Path,
    emotions: str | Sequence[str] | None,
    label_map: Mapping[str, str],
    num_proc: int | None,
    **options: object,
) -> tuple[Dataset, None]:
    """The corpus by `load_iemocap`, which stops for whatever cannot be used; `emotions`: `None` = the paper's four."""
    return load_iemocap(data_dir, emotions or "four", label_map=label_map, num_proc=num_proc, **options), None


def is_imitation(root: str | Path) -> bool:
    """Whether a folder says that it is an imitation."""
    readme = Path(root) / "README.txt"
    return readme.is_file() and readme.read_text(encoding="utf-8", errors="replace").startswith(IMITATION_MARK)


CORPUS = Corpus(
    name="iemocap",
    what="IEMOCAP_full_release",
    read=read,
    title=lambda data_dir: IMITATION if is_imitation(data_dir) else "IEMOCAP",
    options=IemocapOptions,
    label_sets=LABEL_SETS,
    protocol="session",
    sources={"IEMOCAP": LICENCE, IMITATION: NOT_REAL},
)
