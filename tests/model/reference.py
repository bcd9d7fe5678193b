"""WISE step by step in float64, written from the paper's equations alone: loops over words, phonemes and frames, and
the cells spelt out. Slow, and meant to be read beside the paper; the tests hold the model against it.
"""

from dataclasses import dataclass

import torch

from wise_hf.model.configuration_wise import WISEConfig


Parameters = dict[str, torch.Tensor]


@dataclass
class ReferenceOutput:
    """What equations (1)-(13) give for one utterance of N words."""

    logits: torch.Tensor  # (labels,)
    p_c: torch.Tensor  # (attention_size,)
    audio_states: torch.Tensor | None  # (N, audio_hidden_size)
    text_states: torch.Tensor | None  # (N, text_hidden_size)
    attention_weights: torch.Tensor | None  # (N,)
    word_audio_vectors: torch.Tensor | None  # (N, .)


def float64_parameters(model: torch.nn.Module) -> Parameters:
    """A model's parameters as leaves of their own, to take gradients by."""
    return {name: value.detach().double().requires_grad_() for name, value in model.state_dict().items()}


def sub(parameters: Parameters, prefix: str) -> Parameters:
    """The parameters of one part, under their names inside it."""
    return {name[len(prefix) + 1 :]: value for name, value in parameters.items() if name.startswith(prefix + ".")}


def gru_cell(x: torch.Tensor, h: torch.Tensor, p: Parameters, suffix: str) -> torch.Tensor:
    """Cho et al. 2014 [26]; rows of the weights: reset, update, new, as PyTorch keeps them."""
    w_ir, w_iz, w_in = p[f"weight_ih_{suffix}"].chunk(3)
    w_hr, w_hz, w_hn = p[f"weight_hh_{suffix}"].chunk(3)
    b_ir, b_iz, b_in = p[f"bias_ih_{suffix}"].chunk(3)
    b_hr, b_hz, b_hn = p[f"bias_hh_{suffix}"].chunk(3)
    r = torch.sigmoid(w_ir @ x + b_ir + w_hr @ h + b_hr)
    z = torch.sigmoid(w_iz @ x + b_iz + w_hz @ h + b_hz)
    n = torch.tanh(w_in @ x + b_in + r * (w_hn @ h + b_hn))
    return (1 - z) * n + z * h


def lstm_cell(
    x: torch.Tensor, h: torch.Tensor, c: torch.Tensor, p: Parameters, suffix: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Hochreiter and Schmidhuber 1997 with a forget gate; rows of the weights: input, forget, cell, output."""
    w_ii, w_if, w_ig, w_io = p[f"weight_ih_{suffix}"].chunk(4)
    w_hi, w_hf, w_hg, w_ho = p[f"weight_hh_{suffix}"].chunk(4)
    b_ii, b_if, b_ig, b_io = p[f"bias_ih_{suffix}"].chunk(4)
    b_hi, b_hf, b_hg, b_ho = p[f"bias_hh_{suffix}"].chunk(4)
    i = torch.sigmoid(w_ii @ x + b_ii + w_hi @ h + b_hi)
    f = torch.sigmoid(w_if @ x + b_if + w_hf @ h + b_hf)
    g = torch.tanh(w_ig @ x + b_ig + w_hg @ h + b_hg)
    o = torch.sigmoid(w_io @ x + b_io + w_ho @ h + b_ho)
    c = f * c + i * g
    return o * torch.tanh(c), c


def last_state(members: list[torch.Tensor], p: Parameters, recurrent_unit: str) -> torch.Tensor:
    """Equation (6): the last state over a segment; backward too for the two-way units, side by side."""

    def one_way(sequence: list[torch.Tensor], suffix: str) -> torch.Tensor:
        h = c = torch.zeros(p[f"weight_hh_{suffix}"].shape[1], dtype=torch.float64)
        for x in sequence:
            if recurrent_unit.endswith("gru"):
                h = gru_cell(x, h, p, suffix)
            else:
                h, c = lstm_cell(x, h, c, p, suffix)
        return h

    if recurrent_unit.startswith("bi"):
        return torch.cat([one_way(members, "l0"), one_way(members[::-1], "l0_reverse")])
    return one_way(members, "l0")


def word_audio(phonemes: list[torch.Tensor], p: Parameters, config: WISEConfig) -> torch.Tensor:
    """a_i of one word (section 3.2) from its phonemes' frames, each (frames, feature_size)."""
    frames = [frame for phoneme in phonemes for frame in phoneme]
    if config.hierarchy == "none":
        return sum(frames) / len(frames)
    if config.hierarchy == "word":
        return last_state(frames, sub(p, "frames.rnn"), config.recurrent_unit)
    vectors = [last_state(list(phoneme), sub(p, "frames.rnn"), config.recurrent_unit) for phoneme in phonemes]
    return last_state(vectors, sub(p, "phonemes.rnn"), config.recurrent_unit)


def separate_states(words: list[torch.Tensor], p: Parameters) -> torch.Tensor:
    """Equation (1) or (2)."""
    h = c = torch.zeros(p["weight_hh_l0"].shape[1], dtype=torch.float64)
    states = []
    for x in words:
        h, c = lstm_cell(x, h, c, p, "l0")
        states.append(h)
    return torch.stack(states)


def interacting_states(
    audio: list[torch.Tensor], text: list[torch.Tensor], p: Parameters
) -> tuple[torch.Tensor, torch.Tensor]:
    """Equations (3)-(5), with the inputs of (4) and (5) the right way round: a_i to audio, t_i to text."""
    size_a = p["audio.weight_hh_l0"].shape[1]
    size_t = p["text.weight_hh_l0"].shape[1]
    matrix = p["interaction_matrix"]
    w_aa, w_ta = matrix[:size_a, :size_a], matrix[:size_a, size_a:]
    w_at, w_tt = matrix[size_a:, :size_a], matrix[size_a:, size_a:]
    h_a = c_a = torch.zeros(size_a, dtype=torch.float64)
    h_t = c_t = torch.zeros(size_t, dtype=torch.float64)
    states_a, states_t = [], []
    for a_i, t_i in zip(audio, text, strict=True):
        mixed_a = w_aa @ h_a + w_ta @ h_t  # (3)
        mixed_t = w_at @ h_a + w_tt @ h_t
        h_a, c_a = lstm_cell(a_i, mixed_a, c_a, sub(p, "audio"), "l0")  # (4)
        h_t, c_t = lstm_cell(t_i, mixed_t, c_t, sub(p, "text"), "l0")  # (5)
        states_a.append(h_a)
        states_t.append(h_t)
    return torch.stack(states_a), torch.stack(states_t)


def word_states(
    audio: list[torch.Tensor] | None, text: list[torch.Tensor] | None, p: Parameters, config: WISEConfig
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """h^a_i and h^t_i of all words."""
    if config.modality == "both" and config.interaction:
        return interacting_states(audio, text, sub(p, "interacting_lstms"))
    states_a = None if audio is None else separate_states(audio, sub(p, "audio_lstm.lstm"))
    states_t = None if text is None else separate_states(text, sub(p, "text_lstm.lstm"))
    return states_a, states_t


def joint_representation(
    states_a: torch.Tensor | None, states_t: torch.Tensor | None, i: int, p: Parameters
) -> torch.Tensor:
    """omega_a h^a_i + omega_t h^t_i of word i."""
    audio = 0 if states_a is None else p["audio.weight"] @ states_a[i]
    text = 0 if states_t is None else p["text.weight"] @ states_t[i]
    return audio + text


def attend(joint: list[torch.Tensor], context: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Equations (7)-(9)."""
    energies = [torch.exp(torch.tanh(vector) @ context) for vector in joint]  # exp(e_i omega_c)
    weights = [energy / sum(energies) for energy in energies]  # (8)
    p_c = sum(weight * vector for weight, vector in zip(weights, joint, strict=True))  # (9)
    return p_c, torch.stack(weights)


def classify(p_c: torch.Tensor, p: Parameters) -> torch.Tensor:
    """Equations (10)-(12) before the softmax, without dropout."""
    p1 = torch.clamp(p["linear_1.weight"] @ p_c, min=0)
    p2 = torch.clamp(p["linear_2.weight"] @ p1, min=0)
    return p["linear_3.weight"] @ p2


def cross_entropy(logits: torch.Tensor, label: int) -> torch.Tensor:
    """Equations (12) and (13), with the minus sign that (13) lacks."""
    probabilities = torch.exp(logits) / torch.exp(logits).sum()
    return -torch.log(probabilities[label])


def run_reference(
    parameters: Parameters, config: WISEConfig, word_ids: list[int], words: list[list[torch.Tensor]]
) -> ReferenceOutput:
    """One utterance through the model's equations.

    Args:
        parameters: those of a WISEForAudioClassification, float64.
        config: which variant.
        word_ids: the id of each word.
        words: for each word its phonemes, for each phoneme its frames, float64 (frames, feature_size).
    """
    p = sub(parameters, "wise")
    audio = text = None
    if config.modality != "text":
        audio = [word_audio(phonemes, sub(p, "hierarchy"), config) for phonemes in words]
    if config.modality != "audio":
        text = [p["word_embeddings.weight"][word_id] for word_id in word_ids]
    states_a, states_t = word_states(audio, text, p, config)
    joint = [joint_representation(states_a, states_t, i, sub(p, "joint")) for i in range(len(words))]
    p_c, weights = attend(joint, p["word_attention.context"]) if config.attention else (joint[-1], None)
    vectors = None if audio is None else torch.stack(audio)
    return ReferenceOutput(classify(p_c, parameters), p_c, states_a, states_t, weights, vectors)
