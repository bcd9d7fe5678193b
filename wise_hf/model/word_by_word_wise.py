"""A model that is given the words of an utterance as they come, at the same cost for each."""

from collections import deque
from collections.abc import Mapping
from itertools import repeat

import torch
from transformers import PreTrainedModel


FRAMES = ("input_features", "input_values", "input_lengths", "frame_index", "feature_mean", "feature_std")
PIECES = ("word_vectors", "piece_ids", "piece_words", "attention_mask")
WORDS = ("phoneme_lengths", "word_lengths", "input_ids", "attention_mask")


class WordByWord:
    """What a model makes of the words so far: its states are carried on, and the softmax over the words runs.

    After each word it is what the model makes of all words up to it at once.

    Args:
        model: a `WISEForAudioClassification` in evaluation; its members are heard, too.
        num_weighted: words whose attention is told, the last ones.
    """

    def __init__(self, model: PreTrainedModel, num_weighted: int = 128):
        self._model = model
        with torch.inference_mode():
            self._members = [_Member(each, num_weighted) for each in (model, *model.members)]

    def start(self) -> None:
        """Forget all words: a new utterance."""
        for member in self._members:
            member.start()

    @torch.inference_mode()
    def add(self, inputs: Mapping[str, torch.Tensor]) -> list[tuple[list[float], list[float] | None]]:
        """Hear the next words.

        Args:
            inputs: of one utterance, as the processor makes them, with one word or several.

        Returns:
            For each word the probabilities of the labels, and the attention of the words so far, `None` without.

        Raises:
            ValueError: see `WISEModel`.
        """
        given = {name: value.to(self._model.device) for name, value in inputs.items()}
        frames = self._model.wise.encode_frames(*(given.get(name) for name in FRAMES))
        vectors = self._model.wise.encode_words(*(given.get(name) for name in PIECES))
        words = [frames, *(given.get(name) for name in WORDS), vectors]
        heard = zip(*(member.add(words) for member in self._members), strict=True)
        return [_mean(of_members) for of_members in heard]


class _Member:
    """One model of those that are averaged, and where it is in an utterance."""

    def __init__(self, model: PreTrainedModel, num_weighted: int):
        self.model = model
        self.recurrence = _Recurrence(model.wise)
        self.scores: deque[torch.Tensor] = deque(maxlen=num_weighted)
        self.start()

    def start(self) -> None:
        self.recurrence.states = {}
        self.scores.clear()
        self.total: torch.Tensor | None = None  # the logarithm of the softmax's denominator

    def add(self, words: list[torch.Tensor | None]) -> list[tuple[torch.Tensor, torch.Tensor | None]]:
        """(labels,) log-probabilities and (words so far,) attention after each word."""
        audio, text, *_ = self.model.wise.word_inputs(*words)
        singly = [repeat(None) if its is None else its.split(1) for its in (audio, text)]
        return [self._add_word(*word) for word in zip(*singly, strict=False)]

    def _add_word(self, audio: torch.Tensor | None, text: torch.Tensor | None) -> tuple:
        joint = self.model.wise.joint(*self.recurrence.step(audio, text))[0]
        weights = None
        if self.model.config.attention:
            joint, weights = self._pool(joint)
        return self.model.score(joint).float().log_softmax(-1), weights

    def _pool(self, joint: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """p_c of the words so far (attention_size,), and their attention."""
        score = self.model.wise.word_attention.scores(joint).float()
        self.scores.append(score)
        if self.total is None:
            self.total, self.pooled = score, joint
        else:
            self.total = torch.logaddexp(self.total, score)
            self.pooled = self.pooled + (score - self.total).exp().to(joint) * (joint - self.pooled)
        return self.pooled, (torch.stack([*self.scores]) - self.total).exp()


class _Recurrence:
    """The LSTMs of a model on one word after the other."""

    def __init__(self, wise: PreTrainedModel):
        self.wise = wise
        self.joint_weights = wise.interacting_lstms.joint_weights() if hasattr(wise, "interacting_lstms") else None
        self.states: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def step(
        self, audio: torch.Tensor | None, text: torch.Tensor | None
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """a_i (1, .), t_i (1, .) -> h^a_i, h^t_i"""
        if self.joint_weights is None:
            return self._alone("audio", audio), self._alone("text", text)
        word = torch.cat([audio, text], dim=1)
        start = word.new_zeros(1, self.joint_weights[1].shape[1])
        state = self.states.get("joint", (start, start))
        self.states["joint"] = torch.lstm_cell(word, state, *self.joint_weights)
        sizes = [self.wise.config.audio_hidden_size, self.wise.config.text_hidden_size]
        return self.states["joint"][0].split(sizes, dim=1)

    def _alone(self, name: str, word: torch.Tensor | None) -> torch.Tensor | None:
        if word is None:
            return None
        hidden, self.states[name] = getattr(self.wise, f"{name}_lstm").lstm(word, self.states.get(name))
        return hidden


def _mean(of_members: tuple) -> tuple[list[float], list[float] | None]:
    logs, weights = zip(*of_members, strict=True)
    attention = None if weights[0] is None else torch.stack(weights).mean(0).tolist()
    return torch.stack(logs).exp().mean(0).tolist(), attention
