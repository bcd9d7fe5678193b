"""report.html."""

import re
from html.parser import HTMLParser

import pytest
from tables_input import ROWS, make_results

from wise_hf.tables.report import MAX_EXAMPLES, examples, view, write_report
from wise_hf.tables.summary import summarize_tables


VOID = {"meta", "br", "line", "polyline"}


class Page(HTMLParser):
    """Checks that elements close in order, and gathers text, attributes and ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.text, self.attributes = [], "", []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.attributes += [(tag, *attr) for attr in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.attributes += [(tag, *attr) for attr in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def write(results: dict, folder) -> str:
    path = folder / "out" / "report.html"
    write_report(results, summarize_tables(results), path)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    return write(make_results(missing=[("random", "cnn_phoneme")]), tmp_path_factory.mktemp("report"))


def test_every_row_and_protocol_is_on_the_page(page):
    text = Page(page).text
    assert all(name in text for _, name, *_ in ROWS)
    assert "no session is in training and test" in text and "random utterances" in text
    assert "not comparable with ours" in text and text.count("not run yet") == 2  # in the bars and in the table
    assert text.count("What each part brings") == 2 and text.count("Interaction (IM) (WISE − HR+DMF): ") == 2
    assert page.count('class="confusion"') == 2 * len(ROWS) - 1
    assert page.count("<svg") == 2 * (len(ROWS) - 1) - 1  # the SVM does not learn by epochs


def test_the_page_loads_nothing_from_elsewhere(page):
    assert set(re.findall(r"https?://[^/\"]*", page)) == {"https://doi.org"}
    parsed = Page(page)
    assert not re.search(r"<(script|link|img|iframe|object)|url\(|@import", page)
    ids = set(parsed.values("id"))
    links = parsed.values("href")
    assert all(link.startswith("https://doi.org/10.") or link.removeprefix("#") in ids for link in links)
    assert "prefers-color-scheme: dark" in page and 'name="viewport"' in page


def test_what_is_seen_is_also_told(page):
    parsed = Page(page)
    pictures = [attribute for attribute in parsed.attributes if attribute[1:] == ("role", "img")]
    assert len([label for label in parsed.values("aria-label") if label]) >= len(pictures) > 20
    assert page.count("<th ") == page.count('scope="col"') + page.count('scope="row"')
    ids = parsed.values("id")
    assert len(ids) == len(set(ids)) and set(parsed.values("aria-labelledby")) <= set(ids)


def test_whatever_comes_from_the_corpus_is_escaped(tmp_path):
    evil = "<script>alert('&\"')</script>"
    results = make_results(protocols=("session",), corpus=evil)
    results["rows"][0]["name"] = evil
    run = next(run for run in results["runs"] if run["key"] == "wise")
    run["folds"][0]["examples"][0]["words"][0]["word"] = evil
    run["folds"][0]["name"] = evil
    text = write(results, tmp_path)
    assert "<script" not in text and "&lt;script&gt;" in text
    assert Page(text).text.count(evil) > 5


def test_missing_runs_examples_and_histories_do_no_harm(tmp_path):
    results = make_results(missing=[("session", key) for key, *_ in ROWS if key != "text"])
    for run in results["runs"]:
        for fold in run["folds"]:
            fold.pop("examples", None)
            fold["history"] = []
    text = write(results, tmp_path)
    assert "What WISE attends to" not in text and "Learning curves" not in text and "Confusion matrices" in text
    Page(text)
    results["runs"] = []
    assert "Nothing was run under it yet." in Page(write(results, tmp_path)).text


def test_several_seeds_are_on_one_page(tmp_path):
    text = Page(write(make_results(seeds=(0, 1), protocols=("speaker",)), tmp_path)).text
    assert "seeds' UA" in text and "Seeds: 0, 1." in text and "session: 1, seed 1" in text


def test_the_papers_figures_are_drawn_only_where_they_are_comparable(page, tmp_path):
    results = make_results(protocols=("session",))
    comparable = write({**results, "corpus": "IEMOCAP", "num_utterances": 5531}, tmp_path)
    assert ", in the paper 0.764" in comparable and "in the paper 0.7" not in page


def test_examples_come_in_turn_from_every_fold():
    results = make_results(protocols=("session",), seeds=(0, 1))
    found = examples(results["runs"])
    assert len(found) == MAX_EXAMPLES and len({each["fold"] for each in found[:5]}) == 5
    for example in found:
        assert max(word["strength"] for word in example["words"]) == 1
        assert example["told"].startswith("most on")


def test_learning_curves_lie_in_their_picture_and_the_mean_goes_as_far_as_every_fold():
    results = make_results(protocols=("session",))
    shown = view(results, summarize_tables(results))["protocols"][0]["curves"]
    assert len({tick["y"] for tick in shown["ticks"]}) == 3
    for panel in shown["panels"]:
        points = [[tuple(map(float, p.split(","))) for p in line.split()] for line in [*panel["folds"], panel["mean"]]]
        assert all(0 <= x <= 240 and 0 <= y <= 130 for line in points for x, y in line)
        assert [len(line) for line in points] == [12, 13, 14, 15, 16, 12] and panel["last"] == 16
