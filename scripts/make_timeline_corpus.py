"""Clips joined into labelled recordings: python scripts/make_timeline_corpus.py --data_dir DIR --output_dir DIR ..."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from wise_hf.commands.parsing import parse
from wise_hf.commands.run import run
from wise_hf.data.corpora.test_part import CorpusPartOptions, read_test_part
from wise_hf.data.files import check_writable
from wise_hf.data.options import Options, as_path, as_seed, not_negative, option, positive, positive_number
from wise_hf.timeline.joined_recordings import Joining, write_joined
from wise_hf.training.channel_scores import CHANNELS


def as_known_channels(names: Sequence[str]) -> tuple[str, ...]:
    """Names of `CHANNELS`."""
    unknown = [name for name in names if name not in CHANNELS]
    if unknown:
        raise ValueError(f"'{unknown[0]}' is not one of {'; '.join(CHANNELS)}")
    return tuple(names)


@dataclass(frozen=True, kw_only=True)
class JoiningOptions(Options):
    """How the clips are joined."""

    _argument_group_name = "recordings"

    output_dir: Annotated[Path, as_path] = option(help="where the recordings and their spans.csv are written")
    num_recordings: Annotated[int, positive] = option(20, help="how many")
    duration_s: Annotated[float, positive_number] = option(120.0, help="length of each, and a clip more at most")
    shortest_pause_s: Annotated[float, not_negative] = option(0.5, help="between two clips")
    longest_pause_s: Annotated[float, not_negative] = option(2.0, help="between two clips")
    num_speakers: Annotated[int, positive] = option(1, help="how many take turns in a recording")
    split_channels: bool = option(False, help="each speaker has a channel, as in a call")
    through: Annotated[list[str] | None, as_known_channels] = option(
        None, help=f"what the recordings go through, one after the other: {'; '.join(CHANNELS)}"
    )
    seed: Annotated[int, as_seed] = option(0, help="of speakers, order and pauses")

    @property
    def joining(self) -> Joining:
        """What `join_clips` takes."""
        pause_s = (self.shortest_pause_s, self.longest_pause_s)
        return Joining(self.duration_s, pause_s, self.num_speakers, self.split_channels, self.through or ())


@dataclass(frozen=True, kw_only=True)
class TimelineCorpusOptions(JoiningOptions, CorpusPartOptions):
    """Everything that this script can be told."""


def main() -> None:
    options = parse(TimelineCorpusOptions, __doc__)
    clips = read_test_part(options).to_list()
    check_writable(options.output_dir)
    write_joined(clips, options.output_dir, options.num_recordings, options.joining, options.seed)
    logging.info("Written: %s, %d recordings.", options.output_dir, options.num_recordings)


if __name__ == "__main__":
    run(main)
