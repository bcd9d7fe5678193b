"""What recognition errors do to a model: wise-hf asr-study --model RUN --data_dir DIR --output_dir OUT.

Scores a trained model with the true texts of a corpus, with what each recogniser hears, and with simulated word error
rates; English alone.
"""

import sys
from collections.abc import Sequence

from wise_hf.commands.parsing import parse
from wise_hf.study.run import AsrStudyOptions, study_recognition_errors


def main(arguments: Sequence[str] | None = None) -> None:
    """Study the errors and print the table.

    Args:
        arguments: as one types them; `None` = those that the process was started with.
    """
    sys.stdout.write("\n" + study_recognition_errors(parse(AsrStudyOptions, __doc__, arguments)))
