"""The script that joins the clips of a fold's test part."""

from script import run

from wise_hf.data import load_folder, make_folds, write_folds
from wise_hf.timeline.spans import read_spans


def test_a_model_is_given_none_of_its_training_speakers(spoken_corpus, tmp_path):
    corpus = load_folder(spoken_corpus)
    folds = make_folds(corpus, "speaker", 2)
    write_folds(folds, corpus, tmp_path / "folds.json", "speaker", 0)
    options = ["--num_recordings", "2", "--duration_s", "10", "--num_speakers", "2", "--split_channels"]
    through = ["--through", "room noise at 20 dB", "8 kHz mu-law"]
    part = ["--data_dir", spoken_corpus, "--folds_file", tmp_path / "folds.json", "--fold", "2"]
    done = run("make_timeline_corpus.py", *part, "--output_dir", tmp_path / "joined", *options, *through)
    assert done.returncode == 0, done.stderr
    spans = [span for its in read_spans(tmp_path / "joined").values() for span in its]
    tested = {corpus[row]["speaker"] for row in folds[1].test}
    assert {span.speaker for span in spans} == tested and {span.channel for span in spans} == {0, 1}


def test_what_nothing_goes_through_is_refused(spoken_corpus, tmp_path):
    done = run("make_timeline_corpus.py", "--data_dir", spoken_corpus, "--output_dir", tmp_path, "--through", "a wall")
    assert done.returncode == 2 and "'a wall' is not one of as recorded; " in done.stderr
