"""Processes that classify files one by one; one that is killed costs no file but the one that kills it."""

import contextlib
import logging
import signal
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

import pyarrow as pa

from wise_hf.many_files.emotion_of_files import EmotionOfFiles, error_row
from wise_hf.model.threads_wise import use_one_thread
from wise_hf.timeline.decoded import TemporaryFileError
from wise_hf.training.processes import quieten_libraries


logger = logging.getLogger(__name__)

PATIENCE_S = 2.0
SPAWN = get_context("spawn")  # a forked process can use neither a GPU nor the threads of torch
TRIES = 2  # of a file whose process is killed
KILLED = "The process that read it was killed, twice; there may be too little memory for it."
NOT_BEGUN = "A process was killed while it loaded the model; there may be too little memory for so many (--num_proc)."


class Workers(contextlib.AbstractContextManager):
    """Processes that have each loaded the model, until they are closed."""

    def __init__(self, emotion: EmotionOfFiles, num_proc: int = 1):
        """Start them.

        Args:
            emotion: what they do.
            num_proc: how many.
        """
        self._emotion = emotion
        self._workers = [_Worker(emotion) for _ in range(num_proc)]
        self._error: ValueError | None = None  # why the model cannot be loaded

    def __exit__(self, *error: object) -> None:
        for worker in self._workers:
            worker.close()

    def tables(self, files: Sequence[dict]) -> Iterator[tuple[int, pa.Table]]:
        """Classify files.

        Args:
            files: what is known of each, by the columns of `EmotionOfFiles`.

        Yields:
            The number of a file, from 0, and its rows, as they come: about in the order of the files.

        Raises:
            ValueError: the model cannot be loaded.
        """
        if self._error is not None:
            raise self._error
        waiting, kills = deque(range(len(files))), Counter()
        while waiting or any(worker.number is not None for worker in self._workers):
            self._deal(waiting, files)
            for worker in self._heard():
                number, columns = worker.number, self._answer(worker)
                if number is None:
                    continue
                if columns is None:
                    kills[number] += 1
                    if kills[number] < TRIES:
                        waiting.appendleft(number)
                        continue
                    columns = self._emotion.as_columns([error_row(files[number], KILLED)])
                yield number, pa.Table.from_pydict(columns, self._emotion.schema)

    def _deal(self, waiting: deque[int], files: Sequence[dict]) -> None:
        for worker in self._workers:
            if worker.is_ready and worker.number is None and waiting:
                worker.give(waiting.popleft(), files)

    def _heard(self) -> list["_Worker"]:
        """Those that have answered, or were killed."""
        by_connection = {worker.connection: worker for worker in self._workers}
        return [by_connection[each] for each in wait(list(by_connection))]

    def _answer(self, worker: "_Worker") -> dict[str, list] | None:
        """What a worker answers; `None` if it was killed, and another takes its place."""
        try:
            return worker.answer()
        except (EOFError, OSError) as error:
            worker.close()
            if not worker.is_ready:
                self._error = ValueError(NOT_BEGUN)
                raise self._error from error
            logger.warning("A process was killed, and another is started.")
            self._workers[self._workers.index(worker)] = _Worker(self._emotion)
            return None
        except ValueError as error:
            self._error = error
            raise


class _Worker:
    """One process, and the number of the file that it has."""

    def __init__(self, emotion: EmotionOfFiles):
        self.connection, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=_serve, args=(emotion, theirs), daemon=True)
        self._process.start()
        theirs.close()  # so that the pipe ends with the process
        self.is_ready, self.number = False, None

    def give(self, number: int, files: Sequence[dict]) -> None:
        self.number = number
        with contextlib.suppress(OSError):  # killed just now, which its answer tells
            self.connection.send({name: [value] for name, value in files[number].items()})

    def answer(self) -> dict[str, list]:
        answer = self.connection.recv()
        if isinstance(answer, Exception):
            raise answer
        self.is_ready, self.number = True, None
        return answer

    def close(self) -> None:
        self.connection.close()  # an idle one ends by itself, and leaves nothing behind
        self._process.join(PATIENCE_S)
        self._process.kill()
        self._process.join()


def _serve(emotion: EmotionOfFiles, connection: Connection) -> None:
    """Answer until the pipe ends: with the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    quieten_libraries()
    use_one_thread()
    with contextlib.suppress(EOFError, BrokenPipeError):
        try:
            connection.send(emotion({"path": []}))  # which loads the model
        except (ValueError, OSError, ImportError) as error:
            connection.send(ValueError(str(error)))
            return
        except Exception as error:
            connection.send(ValueError(f"The model cannot be loaded ({type(error).__name__}: {error})."))
            return
        try:
            while True:
                connection.send(emotion(connection.recv()))
        except TemporaryFileError as error:
            connection.send(ValueError(str(error)))
