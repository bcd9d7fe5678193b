"""Tables that an earlier version began, with fewer options and shorter recipes."""

import json
from dataclasses import asdict

import pytest
from datasets import Dataset

from wise_hf.data.files import write_json
from wise_hf.data.folds import Fold
from wise_hf.tables.jobs import TablesPlan, jobs_of, unfinished_jobs
from wise_hf.tables.options import TableOptions
from wise_hf.tables.rows import table_rows
from wise_hf.training.run_folder import recorded


@pytest.mark.parametrize(("key", "is_taken"), [("svm", True), ("dual_rnn", True), ("wise", False)])
def test_a_result_whose_recipe_had_no_choice_of_something_is_of_what_there_was_then(tmp_path, key, is_taken):
    """Batches were of any lengths then, as WISE's are no more."""
    system = next(row.system for row in table_rows() if row.system.key == key)
    folds = {"speaker": [Fold("a", [0], [1], [2])]}
    plan = TablesPlan(Dataset.from_dict({}), ["happy"], [system], [key], folds, [0], None, tmp_path)
    earlier = None if system.recipe is None else asdict(system.recipe)
    for name in ("audio_copies", "frame_dropout", "group_by_length") if earlier else ():
        del earlier[name]
    write_json(jobs_of(plan)[0].result_file, {"made_by": {"recipe": earlier, "processes": 1, "precision": "no"}})
    if is_taken:
        assert unfinished_jobs(plan) == []
        return
    with pytest.raises(ValueError, match="was made by another recipe"):
        unfinished_jobs(plan)


def test_the_recipe_is_recorded_by_its_name_also_where_the_frames_choose_it(tmp_path):
    options = TableOptions(data_dir=tmp_path, output_dir=tmp_path / "out")
    assert json.loads(json.dumps(recorded(options)))["recipe"] == "wise_hf"
