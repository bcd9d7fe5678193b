"""Tables that an earlier version began, with fewer options and shorter recipes."""

import json
from dataclasses import asdict

from datasets import Dataset

from wise_hf.data.files import write_json
from wise_hf.data.folds import Fold
from wise_hf.tables.jobs import TablesPlan, jobs_of, unfinished_jobs
from wise_hf.tables.options import TableOptions
from wise_hf.tables.rows import table_rows
from wise_hf.training.run_folder import recorded


def test_a_result_whose_recipe_had_no_choice_of_something_is_of_the_usual_one(tmp_path):
    system = next(row.system for row in table_rows() if row.system.key == "wise")
    folds = {"speaker": [Fold("a", [0], [1], [2])]}
    plan = TablesPlan(Dataset.from_dict({}), ["happy"], [system], ["wise"], folds, [0], None, tmp_path)
    recipe = asdict(system.recipe)
    earlier = {name: recipe[name] for name in recipe.keys() - {"audio_copies", "frame_dropout"}}
    write_json(jobs_of(plan)[0].result_file, {"made_by": {"recipe": earlier, "processes": 1, "precision": "no"}})
    assert unfinished_jobs(plan) == []


def test_the_recipe_is_recorded_by_its_name_also_where_the_frames_choose_it(tmp_path):
    options = TableOptions(data_dir=tmp_path, output_dir=tmp_path / "out")
    assert json.loads(json.dumps(recorded(options)))["recipe"] == "wise_hf"
