"""One commit or none, on a Hub that is broken in every way; and the script as a person runs it."""

import json
import logging
import threading
from functools import partial
from pathlib import Path

import pytest
from huggingface_hub import HfApi, _commit_api
from loopback.hub import OTHER_TOKEN, READ_TOKEN, TOKEN
from script import run

from wise_hf.hub.publishing import Destination, open_repository, publish, staged_names


SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "push_to_hub.py"
COMMIT = "^POST .*/commit/"
NAME = "org/wise-test"


def commits(hub, revision: str = "main") -> int:
    """Without the one that a new repository has."""
    return len(hub.repo(NAME).history(revision)) - 1


def published(hub, revision: str = "main") -> dict[str, bytes]:
    return hub.files(NAME, revision)


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in staged_names(folder)}


def test_everything_goes_in_one_commit(staged, api, hub):
    made = publish(staged, Destination(NAME), api)
    assert made.commit == hub.repo(NAME).at("main").id and made.url == f"{hub.endpoint}/{NAME}"
    assert commits(hub) == 1 and published(hub) == contents(staged)
    assert len(hub.asked(COMMIT)) == 1 and not hub.repo(NAME).private


def test_weights_and_samples_are_large_files(staged, api, hub):
    publish(staged, Destination(NAME), api)
    files = hub.repo(NAME).at("main").files
    assert files["model.safetensors"].sha256 and files["samples/happy.wav"].sha256 and not files["README.md"].sha256


def test_private_is_private(staged, api, hub):
    publish(staged, Destination(NAME, private=True), api)
    assert hub.repo(NAME).private and published(hub) == contents(staged)
    publish(staged, Destination(NAME, private=True), api)


def test_private_is_not_taken_to_a_public_repository(staged, api, hub):
    api.create_repo(NAME, private=False)
    with pytest.raises(ValueError, match=f"{NAME} is there already and is public"):
        publish(staged, Destination(NAME, private=True), api)
    assert commits(hub) == 0


def test_a_tag_names_the_commit_and_stays(staged, api, hub):
    publish(staged, Destination(NAME, tag="v1"), api)
    repo = hub.repo(NAME)
    assert repo.tags["v1"].id == repo.branches["main"].id
    (staged / "README.md").write_text("---\nlicense: other\n---\nother\n")
    with pytest.raises(ValueError, match="has a tag v1 already, and tags stay; give another one"):
        publish(staged, Destination(NAME, tag="v1"), api)
    assert commits(hub) == 1, "nothing was committed before the tag was found to be taken"
    publish(staged, Destination(NAME, tag="v2"), api)
    assert published(hub, "v1")["README.md"] != published(hub, "v2")["README.md"]


def test_a_branch_is_made_and_the_others_stay_as_they_are(staged, api, hub):
    publish(staged, Destination(NAME, revision="try"), api)
    assert published(hub, "try") == contents(staged) and "config.json" not in published(hub)
    publish(staged, Destination(NAME, revision="try"), api)
    assert commits(hub, "try") == 1


@pytest.mark.parametrize("after", [False, True], ids=["request lost", "reply lost"])
@pytest.mark.parametrize(
    "asked", ["POST /api/repos/create", "GET .*/revision/", "GET .*/tree/", "preupload", COMMIT, "POST .*/tag/"]
)
def test_a_broken_connection_is_tried_again_and_ends_in_one_commit(staged, api, hub, waits, asked, after):
    hub.drop_next(asked, after=after)
    publish(staged, Destination(NAME, tag="v1"), api)
    assert commits(hub) == 1 and published(hub, "v1") == contents(staged)


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("asked", ["POST /api/repos/create", "validate-yaml", "GET .*/refs", COMMIT, "POST .*/tag/"])
def test_a_hub_that_is_down_for_a_moment_is_tried_again(staged, api, hub, waits, asked, status):
    hub.fail_next(asked, times=2, status=status)
    publish(staged, Destination(NAME, tag="v1"), api)
    assert commits(hub) == 1 and published(hub, "v1") == contents(staged) and waits[:2] == [1, 2]


def test_the_same_command_again_after_a_failed_tag_ends_as_if_it_had_not_failed(staged, api, hub, waits):
    hub.fail_next("POST .*/tag/", times=float("inf"))
    with pytest.raises(OSError, match="org/wise-test is published, but without its tag v1: the Hub said 503"):
        publish(staged, Destination(NAME, tag="v1"), api)
    hub.mend()
    first, second = (publish(staged, Destination(NAME, tag="v1"), api) for _ in range(2))
    assert first == second and first.commit == hub.repo(NAME).tags["v1"].id and commits(hub) == 1


def somebody_else(log_in) -> None:
    log_in(TOKEN).upload_file(repo_id=NAME, path_in_repo="notes.txt", path_or_fileobj=b"hello")


def test_after_a_lost_reply_the_tag_is_on_our_commit_and_not_on_somebody_elses(staged, api, hub, log_in, waits):
    hub.drop_next(COMMIT, after=True)
    create_commit = api.create_commit

    def then_somebody_else(**options: object) -> object:
        try:
            return create_commit(**options)
        except Exception:
            somebody_else(log_in)
            raise

    api.create_commit = then_somebody_else
    published_ = publish(staged, Destination(NAME, tag="v1"), api)
    assert published(hub, "v1") == contents(staged) and "notes.txt" in published(hub)
    assert published_.commit == hub.repo(NAME).tags["v1"].id != hub.repo(NAME).at("main").id


def test_where_nothing_was_to_commit_the_tag_is_not_on_what_somebody_else_commits_meanwhile(
    staged, api, hub, log_in, waits
):
    publish(staged, Destination(NAME), api)
    create_commit = api.create_commit

    def after_somebody_else(**options: object) -> object:
        somebody_else(log_in)
        return create_commit(**options)

    api.create_commit = after_somebody_else
    with pytest.raises(OSError, match="Somebody else changed org/wise-test meanwhile; .* run this again"):
        publish(staged, Destination(NAME, tag="v1"), api)
    assert not hub.repo(NAME).tags and waits == []


def test_a_tag_of_the_same_files_on_another_branch_is_not_taken_for_this_ones(staged, api, hub):
    api.create_repo(NAME)
    api.create_branch(NAME, branch="try")
    publish(staged, Destination(NAME, tag="v1"), api)
    with pytest.raises(ValueError, match="has a tag v1 already"):
        publish(staged, Destination(NAME, revision="try", tag="v1"), api)
    assert "config.json" not in published(hub, "try")


def test_a_tag_that_somebody_else_makes_meanwhile_is_told(staged, api, hub, log_in):
    create_tag = api.create_tag

    def after_somebody_else(*args: object, **options: object) -> object:
        first = hub.repo(NAME).history("main")[-1].id
        log_in(TOKEN).create_tag(NAME, tag="v1", revision=first)
        return create_tag(*args, **options)

    api.create_tag = after_somebody_else
    with pytest.raises(ValueError, match="has a tag v1 already, and tags stay"):
        publish(staged, Destination(NAME, tag="v1"), api)


def test_a_fault_of_ours_is_not_taken_for_a_broken_connection(staged, api, hub, waits, monkeypatch):
    monkeypatch.setattr(api, "list_repo_files", lambda **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish(staged, Destination(NAME), api)

    def fail(**options: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(api, "list_repo_files", fail)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        publish(staged, Destination(NAME), api)
    assert waits == []


def test_an_upload_that_breaks_off_is_tried_again(staged, api, hub, waits):
    hub.drop_next("^PUT ", times=30)
    hub.fail_next("^PUT ", times=2)
    publish(staged, Destination(NAME), api)
    assert commits(hub) == 1 and published(hub) == contents(staged)


@pytest.mark.parametrize("kind", [ConnectionError, TimeoutError])
def test_what_hf_xet_raises_is_tried_again(staged, api, hub, waits, monkeypatch, kind):
    upload, failures = api.preupload_lfs_files, [kind("Network error: token hf_secret")]

    def fail_once(**options: object) -> None:
        if failures:
            raise failures.pop()
        upload(**options)

    monkeypatch.setattr(api, "preupload_lfs_files", fail_once)
    publish(staged, Destination(NAME), api)
    assert waits == [1] and published(hub) == contents(staged)


def test_what_hf_xet_has_no_kind_of_error_for_is_tried_again_and_told(staged, api, hub, waits, monkeypatch):
    raises_from_c = threading.Lock().release
    monkeypatch.setattr("huggingface_hub.utils._xet.get_xet_session", raises_from_c)
    xet = {"repo_type": "model", "repo_id": NAME, "headers": {}, "endpoint": hub.endpoint, "revision": "main"}
    monkeypatch.setattr(
        api, "preupload_lfs_files", lambda additions, **_: _commit_api._upload_xet_files(additions=additions, **xet)
    )
    with pytest.raises(OSError, match=r"was not published: the connection to the Hub failed \(RuntimeError\)"):
        publish(staged, Destination(NAME), api)
    assert waits == [1, 2, 4, 8]


@pytest.mark.parametrize("asked", ["^PUT ", "preupload", COMMIT])
def test_nothing_is_half_published_when_the_hub_stays_down(staged, api, hub, waits, asked):
    publish(staged, Destination(NAME), api)
    before = published(hub)
    (staged / "model.safetensors").write_bytes(b"other weights")
    (staged / "README.md").write_text("---\nlicense: other\n---\nother\n")
    hub.fail_next(asked, times=float("inf"), status=503)
    with pytest.raises(OSError, match=r"org/wise-test was not published: the Hub said 503 .*; run this again later"):
        publish(staged, Destination(NAME, tag="v2"), api)
    assert published(hub) == before and commits(hub) == 1 and not hub.repo(NAME).tags
    hub.mend()
    publish(staged, Destination(NAME, tag="v2"), api)
    assert published(hub, "v2") == contents(staged) and commits(hub) == 2


def test_code_of_an_earlier_version_goes_and_what_the_owner_added_stays(staged, api, hub):
    (staged / "stale_wise.py").write_text("x = 1\n")
    publish(staged, Destination(NAME), api)
    for name in ("paper.pdf", "notes.py", "tools/mine_wise.py"):
        api.upload_file(repo_id=NAME, path_in_repo=name, path_or_fileobj=b"mine")
    (staged / "stale_wise.py").unlink()
    publish(staged, Destination(NAME), api)
    assert set(published(hub)) == {*contents(staged), "paper.pdf", "notes.py", "tools/mine_wise.py"}


def test_the_same_again_is_no_commit(staged, api, hub):
    publish(staged, Destination(NAME), api)
    publish(staged, Destination(NAME, tag="v1"), api)
    assert commits(hub) == 1 and published(hub, "v1") == contents(staged)


def test_a_push_of_somebody_else_meanwhile_is_told_and_not_mixed(staged, api, hub, log_in):
    publish(staged, Destination(NAME), api)
    (staged / "README.md").write_text("---\nlicense: other\n---\nmine\n")
    create_commit = api.create_commit

    def after_somebody_else(**options: object) -> object:
        log_in(TOKEN).upload_file(repo_id=NAME, path_in_repo="config.json", path_or_fileobj=b"{}")
        return create_commit(**options)

    api.create_commit = after_somebody_else
    with pytest.raises(OSError, match="somebody else changed it meanwhile; look at its page, and run this again"):
        publish(staged, Destination(NAME, tag="v2"), api)
    assert published(hub)["config.json"] == b"{}" and b"mine" not in published(hub)["README.md"]
    assert not hub.repo(NAME).tags and len(hub.asked(COMMIT)) == 3, "a conflict is not tried again"


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("hf_wrong", r"401 .*log in by `hf auth login`, or set HF_TOKEN"),
        (READ_TOKEN, r"403 .*with a token that may write there"),
        (OTHER_TOKEN, r"403 .*with a token that may write there"),
    ],
)
def test_a_wrong_token_is_told_in_a_sentence_without_it(staged, hub, log_in, waits, token, sentence):
    with pytest.raises(OSError, match=sentence) as told:
        publish(staged, Destination(NAME), log_in(token))
    assert token not in str(told.value) and "\n" not in str(told.value) and told.value.__suppress_context__
    assert waits == [], "what does not pass is not tried again"


@pytest.mark.parametrize("token", ["hf_sécret", "hf\x00secret"])
def test_a_token_that_no_request_can_carry_is_told_without_it(staged, hub, log_in, token):
    with pytest.raises(ValueError, match="has characters that no token has") as told:
        publish(staged, Destination(NAME), log_in(token))
    assert "cret" not in str(told.value) and hub.requests == []


def test_without_a_login_nobody_is_contacted(staged, hub, log_in, monkeypatch):
    monkeypatch.setattr("wise_hf.hub.connection.get_token", lambda: None)
    with pytest.raises(ValueError, match="Nobody is logged in to the Hub; log in by `hf auth login`"):
        publish(staged, Destination(NAME), log_in(None))
    assert hub.requests == []


def test_a_hub_that_is_not_there_is_told_after_four_more_tries(staged, monkeypatch, waits, log_in):
    with pytest.raises(OSError, match=r"the connection to the Hub failed \(ConnectError\)"):
        publish(staged, Destination(NAME), HfApi(endpoint="http://127.0.0.1:9", token="hf_secret"))
    assert waits == [1, 2, 4, 8]


def test_the_token_is_never_logged(staged, api, hub, waits, caplog):
    caplog.set_level(logging.DEBUG)
    hub.fail_next(COMMIT)
    hub.drop_next("preupload")
    publish(staged, Destination(NAME), api)
    assert "trying again in 1 s" in caplog.text and TOKEN not in caplog.text


@pytest.mark.parametrize("repo_id", ["name", "a/b/c", "org/na me", "org/--", "-org/name", "org/name.git", "org/", ""])
def test_a_name_that_cannot_be_one_is_told_before_anybody_is_contacted(hub, api, repo_id):
    with pytest.raises(ValueError, match="is no name on the Hub; give org/name"):
        open_repository(Destination(repo_id), api)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tag": "v 1"}, "'v 1' is no name of a tag"),
        ({"revision": '"x'}, "is no name of a branch"),
        ({"tag": "v..1"}, "is no name of a tag"),
        ({"tag": "-v1"}, "is no name of a tag"),
        ({"tag": "v1."}, "is no name of a tag"),
        ({"tag": "v1.lock"}, "is no name of a tag"),
        ({"tag": "é"}, "is no name of a tag"),
        ({"revision": "refs/pr/1"}, "is no name of a branch"),
        ({"tag": "main"}, "is the branch's name"),
        ({"tag": "try", "revision": "try"}, "is the branch's name"),
    ],
)
def test_tags_and_branches_that_cannot_be_are_told_before_anybody_is_contacted(hub, api, changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        open_repository(Destination(NAME, **changes), api)
    assert hub.requests == []


# -- the script ------------------------------------------------------------------------------------------------------


@pytest.fixture
def push(release):
    """Runs the script ; it may contact a Hub where the test is `logged_in`."""
    return partial(run, "push_to_hub.py", "--model", release.model_dir, "--hub_card", release.hub_card_dir)


def test_the_script_publishes_and_prints_the_page(hub, logged_in, push):
    done = push("--repo_id", NAME, "--private", "--tag", "v1", "--license", "cc-by-nc-sa-4.0")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{hub.endpoint}/{NAME}\n" and "HTTP Request" not in done.stderr
    assert hub.repo(NAME).private and commits(hub) == 1
    card = published(hub, "v1")["README.md"].decode()
    assert "license: cc-by-nc-sa-4.0" in card and "model-index" in card and 'revision="v1"' in card
    assert TOKEN not in done.stdout + done.stderr


def test_a_licence_that_the_hub_does_not_know_is_told_before_anything_is_made(hub, logged_in, push):
    done = push("--repo_id", NAME, "--license", "mine")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("push_to_hub.py: 'mine' is no licence that the Hub knows; give one")
    assert len(done.stderr.splitlines()[-1]) < 200 and not hub.asked("create")


def test_a_dry_run_lists_files_and_sizes_and_contacts_nobody(push, release, tmp_path):
    (release.model_dir / "notes.txt").write_text("x")
    done = push("--repo_id", NAME, "--dry_run", "--staging_dir", tmp_path / "staged")
    lines = [line.split() for line in done.stdout.splitlines()]
    listed = {name: int(size.replace(",", "")) for size, name in lines}
    assert done.returncode == 0
    assert listed == {name: len(content) for name, content in contents(tmp_path / "staged").items()}
    assert {"model.safetensors", "README.md", "handler.py", ".gitattributes"} <= set(listed)
    assert "Not sent: notes.txt" in done.stderr and "lists words of the training transcripts" in done.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--repo_id", "name", "--dry_run"], "is no name on the Hub"),
        (["--repo_id", NAME, "--results", "none.json"], "none.json cannot be read"),
        (["--repo_id", NAME, "--dry_run"], "of another model, with the emotions calm"),
        (["--repo_id", NAME], "Nobody is logged in to the Hub"),
    ],
)
def test_what_a_person_gets_wrong_is_one_sentence(push, release, options, sentence):
    path = release.model_dir.parent / "results.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"emotions": ["calm"]}))
    done = push(*options)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("push_to_hub.py: ") and sentence in done.stderr


def test_a_process_that_is_to_stay_offline_says_so(staged, api, monkeypatch, waits):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(OSError, match="HF_HUB_OFFLINE is set; unset it"):
        publish(staged, Destination(NAME), api)
    assert waits == []
