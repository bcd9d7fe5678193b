"""A staged folder -> a repository on the Hub, in one commit: all of it is there, or nothing of it."""

import re
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from wise_hf.hub.connection import check_repo_id, check_token, told_in_a_sentence, try_repeatedly


# What earlier versions published and this one may not have; whatever else is there is the owner's.
OUR_CODE = re.compile(r"[a-z]\w*_wise\.py")
REF = re.compile(r"[\w.-]+(/[\w.-]+)*")


@dataclass(frozen=True)
class Destination:
    """
    Where something is published.

    Args:
        repo_id: org/name; made where it is not there.
        private: for the owner only; `None` = as the owner's new repositories are.
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
        """
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


def publish(folder: Path, destination: Destination, api: HfApi | None = None) -> str:
    """
    Put a folder on the Hub, by the token that `hf auth login` or HF_TOKEN left.

    Args:
        folder: all files that are published, see `wise_hf.hub.staging`.
        destination: where to.
        api: the Hub; `None` = the one that huggingface_hub is set to.

    Returns:
        The page's address.

    Raises:
        ValueError: see `open_repository`.
        OSError: where the Hub cannot be reached, refuses, or somebody else changes the repository at the same time.
    """
    api = api or HfApi()
    url = open_repository(destination, api)
    place = {"repo_id": destination.repo_id, "repo_type": destination.repo_type}
    with told_in_a_sentence(destination.repo_id):
        head = try_repeatedly(lambda: api.repo_info(**place, revision=destination.revision).sha)
        commit = try_repeatedly(lambda: _commit(api, folder, destination, head))
        if destination.tag is not None:
            try_repeatedly(lambda: api.create_tag(**place, tag=destination.tag, revision=commit, exist_ok=True))
    return url


def open_repository(destination: Destination, api: HfApi | None = None) -> str:
    """
    Make the repository and the branch where they are not there, and find out whether they can be published to.

    Args:
        destination: what to open.
        api: see `publish`.

    Returns:
        The page's address.

    Raises:
        ValueError: for names that cannot be such, without a token, for a public repository where it is to be private,
            or a tag that is there already.
        OSError: where the Hub cannot be reached, or refuses.
    """
    destination.check()
    api = api or HfApi()
    check_token(api)
    with told_in_a_sentence(destination.repo_id):
        return try_repeatedly(lambda: _open(destination, api))


def _open(destination: Destination, api: HfApi) -> str:
    repo_id, repo_type = destination.repo_id, destination.repo_type
    sdk = {"space_sdk": "gradio"} if repo_type == "space" else {}
    url = api.create_repo(repo_id, private=destination.private, repo_type=repo_type, exist_ok=True, **sdk)
    # `private` says nothing about a repository that was there before.
    if destination.private and not api.repo_info(repo_id, repo_type=repo_type).private:
        raise ValueError(f"{repo_id} is there already and is public; make it private there, or give another name.")
    if destination.tag is not None:
        tags = [tag.name for tag in api.list_repo_refs(repo_id, repo_type=repo_type).tags]
        if destination.tag in tags:
            raise ValueError(f"{repo_id} has a tag {destination.tag} already, and tags stay; give another one.")
    if destination.revision not in (None, "main"):
        api.create_branch(repo_id, branch=destination.revision, repo_type=repo_type, exist_ok=True)
    return str(url)


def _commit(api: HfApi, folder: Path, destination: Destination, head: str | None) -> str:
    """
    One commit on top of `head`, and nowhere else.

    Done anew after a lost reply it finds the files there and commits nothing. `upload_folder` would split a commit
    that failed into several.
    """
    place = {"repo_id": destination.repo_id, "repo_type": destination.repo_type, "revision": destination.revision}
    names = staged_names(folder)
    operations = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=folder / name) for name in names]
    there = api.list_repo_files(**place)
    stale = [name for name in there if OUR_CODE.fullmatch(name) and name not in names]
    operations += [CommitOperationDelete(path_in_repo=name) for name in stale]
    message = f"Publish WISE {destination.tag or destination.repo_type}"
    return api.create_commit(**place, operations=operations, commit_message=message, parent_commit=head).oid


def staged_names(folder: Path) -> list[str]:
    """The files of a staged folder, by their paths in the repository, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
