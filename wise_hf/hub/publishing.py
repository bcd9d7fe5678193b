"""A staged folder -> a repository on the Hub, in one commit: all of it is there, or nothing of it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, ModelCard
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.sha import git_hash, sha_fileobj

from wise_hf.hub.connection import check_repo_id, check_token, told_in_a_sentence, try_repeatedly, uploading


# What earlier versions published and this one may not have; whatever else is there is the owner's.
OUR_CODE = re.compile(r"[a-z]\w*_wise\.py")
_NAME = r"[A-Za-z0-9][\w-]*([.][\w-]+)*(?<![.]lock)"  # Git's rules, and no more characters than one needs
REF = re.compile(f"(?!refs/){_NAME}(/{_NAME})*", re.ASCII)


@dataclass(frozen=True)
class Destination:
    """Where something is published.

    Args:
        repo_id: org/name; made where it is not there.
        private: for the owner only (an organisation's members); `None` = as the owner's new repositories are.
        revision: the branch that is committed to, made where it is not there; `None` = main.
        tag: a name for the commit that never moves again; `None` = none.
        repo_type: `model`, or `space` (a Gradio Space).
    """

    repo_id: str
    private: bool | None = None
    revision: str | None = None
    tag: str | None = None
    repo_type: str = "model"

    def check(self) -> None:
        """Check the names.

        Raises:
            ValueError: for names that cannot be such; nobody is contacted.
        """
        check_repo_id(self.repo_id)
        for kind, name in (("branch", self.revision), ("tag", self.tag)):
            if name is not None and not REF.fullmatch(name):
                raise ValueError(
                    f"'{name}' is no name of a {kind}; give letters, digits, '.', '-' and '_', as in v1.0."
                )
        if self.tag is not None and self.tag in (self.revision, "main"):
            raise ValueError(f"'{self.tag}' is the branch's name; give the tag another one, such as v1.0.")


@dataclass(frozen=True)
class Published:
    """What was published.

    Args:
        url: of its page.
        commit: the hash of the commit that holds it.
    """

    url: str
    commit: str


def publish(folder: Path, destination: Destination, api: HfApi | None = None) -> Published:
    """Put a folder on the Hub, by the token that `hf auth login` or HF_TOKEN left.

    It is safe to repeat after any failure.

    Args:
        folder: all files that are published, see `wise_hf.hub.staging`.
        destination: where to.
        api: the Hub; `None` = the one that huggingface_hub is set to.

    Raises:
        ValueError: see `open_repository`; for a tag that names other files already.
        OSError: where the Hub cannot be reached, or refuses, or somebody else changes the repository at the same time.
    """
    api = api or HfApi()
    url = open_repository(destination, api)
    with told_in_a_sentence(destination.repo_id):
        tagged = try_repeatedly(lambda: tagged_commit(api, destination))
        if tagged is not None:
            try_repeatedly(lambda: _check_holds(api, folder, destination, tagged))
            return Published(url, tagged)
        head = try_repeatedly(lambda: api.repo_info(**_place(destination), revision=destination.revision).sha)
        commit = try_repeatedly(lambda: _commit(api, folder, destination, head))
    if destination.tag is not None:
        with told_in_a_sentence(destination.repo_id, f"is published, but without its tag {destination.tag}"):
            try_repeatedly(lambda: _tag(api, destination, commit))
    return Published(url, commit)


def open_repository(destination: Destination, api: HfApi | None = None) -> str:
    """Make the repository and the branch where they are not there, and find out whether they can be published to.

    Args:
        destination: what to open.
        api: see `publish`.

    Returns:
        The page's address.

    Raises:
        ValueError: for names that cannot be such, without a token, or for a public repository where it is to be
            private.
        OSError: where the Hub cannot be reached, or refuses.
    """
    destination.check()
    api = api or HfApi()
    check_token(api)
    with told_in_a_sentence(destination.repo_id):
        return try_repeatedly(lambda: _open(destination, api))


def check_license(name: str | None, destination: Destination) -> None:
    """Check the licence now; the Hub would reject it only at the commit.

    Args:
        name: of the licence; `None` = none is given.
        destination: what is about to be published.

    Raises:
        ValueError: for one that it does not know.
        OSError: where the Hub cannot be reached.
    """
    if name is None:
        return
    card = ModelCard(f"---\nlicense: {json.dumps(name)}\n---\n")
    try:
        with told_in_a_sentence(destination.repo_id):
            try_repeatedly(card.validate)
    except ValueError:  # its text lists every licence that there is
        raise ValueError(
            f"'{name}' is no licence that the Hub knows; give one of "
            "https://huggingface.co/docs/hub/repositories-licenses, such as cc-by-nc-sa-4.0, or other."
        ) from None


def tagged_commit(api: HfApi, destination: Destination) -> str | None:
    """The commit that the destination's tag names already; `None` where there is no such tag, or none is wanted."""
    tags = api.list_repo_refs(**_place(destination)).tags if destination.tag is not None else []
    return next((tag.target_commit for tag in tags if tag.name == destination.tag), None)


def _place(destination: Destination) -> dict[str, str]:
    return {"repo_id": destination.repo_id, "repo_type": destination.repo_type}


def _open(destination: Destination, api: HfApi) -> str:
    place = _place(destination)
    sdk = {"space_sdk": "gradio"} if destination.repo_type == "space" else {}
    url = api.create_repo(**place, private=destination.private, exist_ok=True, **sdk)
    # `private` says nothing about a repository that was there before.
    if destination.private and not api.repo_info(**place).private:
        raise ValueError(
            f"{destination.repo_id} is there already and is public; make it private there, or give another name."
        )
    if destination.revision not in (None, "main"):
        api.create_branch(**place, branch=destination.revision, exist_ok=True)
    return str(url)


def _commit(api: HfApi, folder: Path, destination: Destination, head: str) -> str:
    """One commit on top of `head`, and nowhere else.

    Repeated after a lost reply, it finds the files there and commits nothing. `upload_folder` would split a commit
    that failed into several.
    """
    place = _place(destination) | {"revision": destination.revision}
    names = staged_names(folder)
    operations = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=folder / name) for name in names]
    there = api.list_repo_files(**place)
    stale = [name for name in there if OUR_CODE.fullmatch(name) and name not in names]
    operations += [CommitOperationDelete(path_in_repo=name) for name in stale]
    message = f"Publish WISE {destination.tag or destination.repo_type}"
    with uploading():
        newest = api.create_commit(**place, operations=operations, commit_message=message, parent_commit=head).oid
    return newest if newest == head else _commit_on(api, place | {"revision": newest}, head, message)


def _commit_on(api: HfApi, place: dict, head: str, message: str) -> str:
    """Our commit on `head`: where nothing was left to commit, the newest one may be somebody else's on top of it."""
    history = api.list_repo_commits(**place)
    parents = [commit.commit_id for commit in history[1:]]
    ours = history[parents.index(head)] if head in parents else None
    if ours is None or ours.title != message:
        raise OSError(f"Somebody else changed {place['repo_id']} meanwhile; look at its page, and run this again.")
    return ours.commit_id


def _tag(api: HfApi, destination: Destination, commit: str) -> None:
    api.create_tag(**_place(destination), tag=destination.tag, revision=commit, exist_ok=True)
    if tagged_commit(api, destination) != commit:  # somebody else was faster
        raise tag_is_taken(destination)


def tag_is_taken(destination: Destination) -> ValueError:
    """The error of a tag that names something else."""
    return ValueError(f"{destination.repo_id} has a tag {destination.tag} already, and tags stay; give another one.")


def _check_holds(api: HfApi, folder: Path, destination: Destination, commit: str) -> None:
    """The commit is one of the branch, and has these very files: then all was done before."""
    history = api.list_repo_commits(**_place(destination), revision=destination.revision)
    if commit not in (each.commit_id for each in history):
        raise tag_is_taken(destination)
    names = staged_names(folder)
    there = {file.path: file for file in api.get_paths_info(**_place(destination), paths=names, revision=commit)}
    if not all(name in there and _is_same(folder / name, there[name]) for name in names):
        raise tag_is_taken(destination)


def _is_same(path: Path, file: RepoFile) -> bool:
    if file.lfs is None:
        return git_hash(path.read_bytes()) == file.blob_id
    with path.open("rb") as content:
        return sha_fileobj(content).hex() == file.lfs.sha256


def staged_names(folder: Path) -> list[str]:
    """The files of a staged folder, by their paths in the repository, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
