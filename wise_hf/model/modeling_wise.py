"""The WISE model (Shen et al., Interspeech 2020), equations (1)-(13).

Letters in the shapes: B utterances, N words and P phonemes in the longest utterance, T frames in the longest; F, K
and M are the frames, phonemes and words of the whole batch, which stand one after the other without padding.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel
from transformers.utils import ModelOutput, can_return_tuple

from .configuration_wise import WISEConfig
from .frame_encoder_wise import FrameEncoder, normalized_frames
from .frame_projection_wise import FrameProjection
from .hierarchy_wise import HIERARCHIES
from .interaction_wise import RECURRENT, InteractingLSTMs, SeparateLSTM
from .pipeline_wise import WISEAudioClassificationPipeline
from .pretrained_part_wise import PretrainedPart
from .ragged_wise import RaggedLayout, layout_of_audio, layout_of_words, unflatten_words
from .word_encoder_wise import WordEncoder


@dataclass
class WISEModelOutput(ModelOutput):
    """What the model makes of a batch; a modality that the model does not have is `None`.

    Args:
        pooler_output: (B, attention_size) the emotion representation p_c, equation (9).
        audio_states: (B, N, audio_hidden_size) the states h^a_i of the audio LSTM, 0 at padding.
        text_states: (B, N, text_hidden_size) the states h^t_i of the text LSTM, 0 at padding.
        attention_weights: (B, N) the weights alpha_i, equation (8), 0 at padding; `None` without attention.
        word_audio_vectors: (B, N, word audio size) the words' audio a_i, 0 at padding.
        word_pooler_output: (B, N, attention_size) p_c of the words up to and including each; where asked for.
    """

    pooler_output: torch.FloatTensor | None = None
    audio_states: torch.FloatTensor | None = None
    text_states: torch.FloatTensor | None = None
    attention_weights: torch.FloatTensor | None = None
    word_audio_vectors: torch.FloatTensor | None = None
    word_pooler_output: torch.FloatTensor | None = None


@dataclass
class WISEClassifierOutput(ModelOutput):
    """Scores of a batch, and what `WISEModelOutput` holds.

    Args:
        loss: () the cross-entropy, equation (13), where labels were given.
        logits: (B, labels) the scores before the softmax of equation (12).
        word_logits: (B, N, labels) the scores of the words up to and including each; where asked for.
    """

    loss: torch.FloatTensor | None = None
    logits: torch.FloatTensor | None = None
    pooler_output: torch.FloatTensor | None = None
    audio_states: torch.FloatTensor | None = None
    text_states: torch.FloatTensor | None = None
    attention_weights: torch.FloatTensor | None = None
    word_audio_vectors: torch.FloatTensor | None = None
    word_pooler_output: torch.FloatTensor | None = None
    word_logits: torch.FloatTensor | None = None


class JointRepresentation(nn.Module):
    """omega_a h^a_i + omega_t h^t_i of equations (7) and (9); a modality that is not there adds nothing."""

    def __init__(self, config: WISEConfig):
        super().__init__()
        if config.modality != "text":
            self.audio = nn.Linear(config.audio_hidden_size, config.attention_size, bias=False)  # omega_a
        if config.modality != "audio":
            self.text = nn.Linear(config.text_hidden_size, config.attention_size, bias=False)  # omega_t

    def forward(self, audio_states: torch.Tensor | None, text_states: torch.Tensor | None) -> torch.Tensor:
        """(..., audio_hidden_size), (..., text_hidden_size) -> (..., attention_size)"""
        if audio_states is None:
            return self.text(text_states)
        if text_states is None:
            return self.audio(audio_states)
        return self.audio(audio_states) + self.text(text_states)


class WordAttention(nn.Module):
    """Attention over the words of an utterance, equations (7)-(9)."""

    def __init__(self, config: WISEConfig):
        super().__init__()
        self.context = nn.Parameter(torch.empty(config.attention_size))  # omega_c

    def forward(self, joint: torch.Tensor, is_seen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, N, attention_size), bool (B, R, N): the words of each p_c -> p_c (B, R, attention_size), alpha (B, R, N)

        A p_c without any word is 0.
        """
        weights = self.scores(joint)[:, None].masked_fill(~is_seen, -torch.inf).softmax(dim=2)  # alpha_i
        weights = weights.masked_fill(~is_seen, 0.0)
        return weights @ joint, weights

    def scores(self, joint: torch.Tensor) -> torch.Tensor:
        """(..., attention_size) -> e_i omega_c (...), the weights before their softmax, equation (7)"""
        return torch.tanh(joint) @ self.context


class WISEPreTrainedModel(PreTrainedModel):
    """What both models share: how they start, what is frozen and what they are called on."""

    config: WISEConfig
    config_class = WISEConfig
    base_model_prefix = "wise"
    main_input_name = "input_features"
    input_modalities = ("audio", "text")
    supports_gradient_checkpointing = True  # of the frame encoder's layers, where it has it
    _no_split_modules = ["InteractingLSTMs", "SeparateLSTM", "JointRepresentation"]  # join what their parts give

    @classmethod
    def from_pretrained(cls, *args, output_loading_info: bool = False, **kwargs) -> "WISEPreTrainedModel | tuple":
        """As ever; loading makes every parameter anew, so what is to be frozen is frozen once more at its end."""
        model, loading_info = super().from_pretrained(*args, output_loading_info=True, **kwargs)
        model._freeze()
        return (model, loading_info) if output_loading_info else model

    def save_pretrained(self, save_directory: str | os.PathLike, state_dict: dict | None = None, **kwargs) -> None:
        """As ever; what an encoder was read with in half precision is saved so."""
        state_dict = self.state_dict() if state_dict is None else state_dict
        encoders = tuple(f"{name}." for name, each in self.named_modules() if isinstance(each, PretrainedPart))
        of_encoders = [name for name in state_dict if name.startswith(encoders)]
        halved = {name: state_dict[name].half() for name in of_encoders if state_dict[name].is_floating_point()}
        lossless = [name for name, half in halved.items() if torch.equal(half.to(state_dict[name]), state_dict[name])]
        state_dict = state_dict | {name: halved[name] for name in lossless}
        super().save_pretrained(save_directory, state_dict=state_dict, **kwargs)

    def _freeze(self) -> None:
        """Pretrained parts, and word embeddings where the configuration asks for it.

        Called when a model is built or loaded, and never on one in use.
        """
        frozen = [each for each in self.modules() if isinstance(each, PretrainedPart)]
        if self.config.freeze_word_embeddings and self.get_input_embeddings() is not None:
            frozen.append(self.get_input_embeddings())
        for each in frozen:
            each.requires_grad_(False)

    @property
    def dtype(self) -> torch.dtype:
        """As ever, and float32 where dynamic quantisation has left no parameter to tell."""
        return next((each.dtype for each in self.parameters() if each.is_floating_point()), torch.float32)

    @property
    def device(self) -> torch.device:
        """As ever, and the CPU where dynamic quantisation, which runs nowhere else, has left no parameter to tell."""
        return next((each.device for each in self.parameters()), torch.device("cpu"))

    def _init_weights(self, module: nn.Module) -> None:
        """PyTorch's own start of every part, and W from N(0, 0.05) (section 3.1)."""
        if isinstance(module, RECURRENT):
            bound = module.hidden_size**-0.5
            for parameter in module.parameters():
                nn.init.uniform_(parameter, -bound, bound)
        elif isinstance(module, nn.Linear):
            nn.init.kaiming_uniform_(module.weight, a=5**0.5)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.1)
        elif isinstance(module, InteractingLSTMs):
            nn.init.normal_(module.interaction_matrix, std=self.config.interaction_std)
        elif isinstance(module, WordAttention):
            nn.init.uniform_(module.context, -(self.config.attention_size**-0.5), self.config.attention_size**-0.5)


class WISEModel(WISEPreTrainedModel):
    """Frames and words of an utterance to its emotion representation p_c, equations (1)-(9).

    Only the parts that the configuration asks for are built.
    """

    _keys_to_ignore_on_load_unexpected = [r"^linear_[123]\.", r"^members\."]  # a classifier's checkpoint has them, too

    def __init__(self, config: WISEConfig):
        super().__init__(config)
        audio_size, text_size = 0, config.word_embedding_size
        if config.modality != "text":
            self.frame_projection = FrameProjection(config)
            self.hierarchy = HIERARCHIES[config.hierarchy](self.frame_projection.output_size, config)
            audio_size = self.hierarchy.output_size
        if config.modality != "audio" and config.vocab_size:
            self.word_embeddings = nn.Embedding(config.vocab_size, text_size, padding_idx=0)
        elif config.modality != "audio":
            # Of an encoder's vectors a few values are far larger than all others, and in every word.
            self.word_norm = nn.LayerNorm(text_size, elementwise_affine=False)
        self.input_dropout = nn.Dropout(config.input_dropout)
        if config.modality == "both" and config.interaction:
            self.interacting_lstms = InteractingLSTMs(audio_size, text_size, config)
        else:
            if config.modality != "text":
                self.audio_lstm = SeparateLSTM(audio_size, config.audio_hidden_size)
            if config.modality != "audio":
                self.text_lstm = SeparateLSTM(text_size, config.text_hidden_size)
        self.joint = JointRepresentation(config)
        if config.attention:
            self.word_attention = WordAttention(config)
        if config.modality != "text" and config.frame_encoder is not None:
            self.frame_encoder = FrameEncoder(config.frame_encoder)
        if config.modality != "audio" and config.word_encoder is not None:
            self.word_encoder = WordEncoder(config.word_encoder)
        self.post_init()
        self._freeze()

    def get_input_embeddings(self) -> nn.Embedding | None:
        return getattr(self, "word_embeddings", None)

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.word_embeddings = value

    def add_frame_encoder(self, encoder: FrameEncoder) -> None:
        """Take in the encoder of the frames that the model learnt from, so that it makes them itself.

        Args:
            encoder: what made them.
        """
        self.config.frame_encoder = encoder.config
        self.frame_encoder = encoder

    def add_word_encoder(self, encoder: WordEncoder) -> None:
        """Take in the encoder of the word vectors that the model learnt from, so that it makes them itself.

        Args:
            encoder: what made them.
        """
        self.config.word_encoder = encoder.config
        self.word_encoder = encoder

    def load_word_embeddings(self, matrix: torch.Tensor) -> None:
        """Put word vectors (GloVe) in place of the embedding's rows.

        Args:
            matrix: (vocab_size, word_embedding_size) float, row 0 the padding.

        Raises:
            ValueError: for a matrix of another shape.
        """
        if matrix.shape != self.word_embeddings.weight.shape:
            raise ValueError(
                f"The matrix has the shape {tuple(matrix.shape)}; the configuration asks for "
                f"{tuple(self.word_embeddings.weight.shape)}: set vocab_size and word_embedding_size to fit."
            )
        with torch.no_grad():
            self.word_embeddings.weight.copy_(matrix)

    @can_return_tuple
    def forward(
        self,
        input_features: torch.FloatTensor | None = None,
        phoneme_lengths: torch.LongTensor | None = None,
        word_lengths: torch.LongTensor | None = None,
        input_ids: torch.LongTensor | None = None,
        attention_mask: torch.LongTensor | None = None,
        input_values: torch.FloatTensor | None = None,
        input_lengths: torch.LongTensor | None = None,
        frame_index: torch.LongTensor | None = None,
        feature_mean: torch.FloatTensor | None = None,
        feature_std: torch.FloatTensor | None = None,
        word_vectors: torch.FloatTensor | None = None,
        piece_ids: torch.LongTensor | None = None,
        piece_words: torch.LongTensor | None = None,
        output_words: bool = False,
        **kwargs,
    ) -> WISEModelOutput:
        """Pool the words of utterances into a vector for each.

        Args:
            input_features: (B, T, feature_size) the frames of all phonemes of an utterance, one after the other; with
                `input_values` (B, T, values_beside_layers), or nothing where a frame has no others than the encoder's.
            phoneme_lengths: (B, P) frames in each phoneme; 0 = padding.
            word_lengths: (B, N) phonemes in each word; 0 = padding.
            input_ids: (B, N) word ids; not read without a word embedding.
            attention_mask: (B, N) 1 = a word; where absent, taken from `word_lengths` or, without audio, `input_ids`.
            input_values: (B, S) waveforms in [-1, 1], of which the model's frame encoder makes the frames.
            input_lengths: (B,) samples of each waveform.
            frame_index: (B, T) which of the encoder's frames the phonemes have, one phoneme after the other.
            feature_mean, feature_std: (B, feature_size) what these frames are normalised by.
            word_vectors: (B, N, word_embedding_size) the words' vectors, where there is no word embedding.
            piece_ids: (B, L) pieces of the words, of which the model's word encoder makes the vectors.
            piece_words: (B, L) the word that each belongs to, from 1; 0 = padding.
            output_words: also give what the words up to and including each come to.

        Raises:
            ValueError: for inputs that a modality needs and that are missing, or lengths that contradict each other.
        """
        input_features = self.encode_frames(
            input_features, input_values, input_lengths, frame_index, feature_mean, feature_std
        )
        if attention_mask is None and self.config.modality != "text":
            attention_mask = word_lengths
        word_vectors = self.encode_words(word_vectors, piece_ids, piece_words, attention_mask)
        words = (input_features, phoneme_lengths, word_lengths, input_ids, attention_mask, word_vectors)
        audio, text, layout, is_word = self.word_inputs(*words)
        audio_states, text_states = self._word_states(audio, text, layout.utterance_lengths)
        joint = unflatten_words(self.joint(audio_states, text_states), layout, is_word)
        pooled, weights = self._pool(joint, is_word[:, None])
        return WISEModelOutput(
            pooler_output=pooled[:, 0],
            audio_states=None if audio_states is None else unflatten_words(audio_states, layout, is_word),
            text_states=None if text_states is None else unflatten_words(text_states, layout, is_word),
            attention_weights=None if weights is None else weights[:, 0],
            word_audio_vectors=None if audio is None else unflatten_words(audio, layout, is_word),
            # The LSTMs see no later word, so only the pooling differs.
            word_pooler_output=self._pool(joint, _words_so_far(is_word))[0] if output_words else None,
        )

    def word_inputs(
        self,
        input_features: torch.Tensor | None,
        phoneme_lengths: torch.Tensor | None,
        word_lengths: torch.Tensor | None,
        input_ids: torch.Tensor | None,
        attention_mask: torch.Tensor | None,
        word_vectors: torch.Tensor | None,
    ) -> tuple[torch.Tensor | None, torch.Tensor | None, RaggedLayout, torch.Tensor]:
        """What the LSTMs are given of each word.

        Args:
            All as in `forward`; the mask may be absent where there are `input_ids`.

        Returns:
            The words' audio a_i (M, .) and text t_i (M, .), `None` without that modality; where they stand, and bool
            (B, N) where there is a word.

        Raises:
            ValueError: see `forward`.
        """
        given = {"input_features": input_features, "phoneme_lengths": phoneme_lengths, "word_lengths": word_lengths}
        has_table = self.config.vocab_size > 0
        vectors = {"word_vectors": word_vectors, "attention_mask": attention_mask}
        self._check_given(given, {"input_ids": input_ids} if has_table else vectors)
        is_word = (input_ids != 0 if attention_mask is None else attention_mask) > 0
        words = input_ids if has_table else word_vectors
        self._check_shapes(input_features, words, is_word)
        if self.config.modality == "text":
            layout, audio = layout_of_words(is_word), None
        else:
            layout = layout_of_audio(is_word, word_lengths, phoneme_lengths, input_features.shape[1])
            audio = self._word_audio(input_features, layout)
        text = None if self.config.modality == "audio" else self._word_text(words, layout)
        return audio, text, layout, is_word

    def encode_frames(
        self,
        input_features: torch.Tensor | None,
        input_values: torch.Tensor | None,
        input_lengths: torch.Tensor | None,
        frame_index: torch.Tensor | None,
        feature_mean: torch.Tensor | None,
        feature_std: torch.Tensor | None,
    ) -> torch.Tensor | None:
        """What the frame encoder makes of waveforms, normalised; without waveforms the frames as they are given.

        Args:
            All as in `forward`.

        Returns:
            (B, T, feature_size); `None` where frames are neither given nor made.

        Raises:
            ValueError: for waveforms without what belongs to them, or to a model without a frame encoder.
        """
        if input_values is None or self.config.modality == "text":
            return input_features
        if not hasattr(self, "frame_encoder"):
            raise ValueError(
                "The model has no frame encoder for input_values; use the processor saved with the model."
            )
        given = {"input_lengths": input_lengths, "frame_index": frame_index}
        _check_beside("input_values", given | {"feature_mean": feature_mean, "feature_std": feature_std})
        encoded = self.frame_encoder(input_values, input_lengths)
        return normalized_frames(encoded, frame_index, input_features, feature_mean, feature_std)

    def encode_words(
        self,
        word_vectors: torch.Tensor | None,
        piece_ids: torch.Tensor | None,
        piece_words: torch.Tensor | None,
        mask: torch.Tensor | None,
    ) -> torch.Tensor | None:
        """What the word encoder makes of pieces; without pieces or an encoder the vectors as they are given.

        Args:
            word_vectors, piece_ids, piece_words: as in `forward`.
            mask: (B, N) above 0 where there is a word; tells how many the longest utterance has.

        Returns:
            (B, N, word_embedding_size); `None` where vectors are neither given nor made.

        Raises:
            ValueError: for pieces without the words that they belong to.
        """
        if piece_ids is None or mask is None or not hasattr(self, "word_encoder"):
            return word_vectors
        _check_beside("piece_ids", {"piece_words": piece_words})
        return self.word_encoder(piece_ids, piece_words, mask.shape[1])

    def _check_given(
        self, audio_inputs: dict[str, torch.Tensor | None], text_inputs: dict[str, torch.Tensor | None]
    ) -> None:
        needed = audio_inputs if self.config.modality != "text" else {}
        if self.config.modality != "audio":
            needed = needed | text_inputs
        missing = [name for name, value in needed.items() if value is None]
        if missing:
            raise ValueError(f"A WISE model of modality '{self.config.modality}' needs {', '.join(missing)} as well.")

    def _check_shapes(
        self, input_features: torch.Tensor | None, words: torch.Tensor | None, is_word: torch.Tensor
    ) -> None:
        if self.config.modality != "text":
            shape, expected = tuple(input_features.shape), (len(is_word), self.config.feature_size)
            if len(shape) != 3 or shape[::2] != expected:
                raise ValueError(
                    f"input_features has the shape {shape}; give ({expected[0]}, frames, {expected[1]}), as many "
                    "utterances as the mask and as many values a frame as the configuration."
                )
        if self.config.modality == "audio":
            return
        name, size = "input_ids", ()
        if not self.config.vocab_size:
            name, size = "word_vectors", (self.config.word_embedding_size,)
        if words.shape != (*is_word.shape, *size):
            shapes = f"{tuple(words.shape)} and its mask {tuple(is_word.shape)}"
            told = f", with {size[0]} values a word" if size else ""
            raise ValueError(f"{name} has the shape {shapes}; pad both alike{told}.")

    def _word_audio(self, input_features: torch.Tensor, layout: RaggedLayout) -> torch.Tensor:
        places = layout.frame_positions.to(input_features.device)
        frames = input_features.to(self.dtype).flatten(0, 1).index_select(0, places)
        return self.hierarchy(self.frame_projection(frames), layout.phoneme_lengths, layout.word_lengths)  # a_i

    def _word_text(self, words: torch.Tensor, layout: RaggedLayout) -> torch.Tensor:
        ids = words.flatten(0, 1)[layout.word_positions.to(words.device)]  # or vectors
        if not self.config.vocab_size:
            return self.word_norm(ids.to(self.dtype))
        lowest, highest = (int(limit) for limit in ids.aminmax())
        if lowest < 0 or highest >= self.word_embeddings.num_embeddings:
            raise ValueError(
                f"input_ids goes from {lowest} to {highest}; the model has the words 0 to "
                f"{self.word_embeddings.num_embeddings - 1}: use the tokenizer that it was saved with."
            )
        return self.word_embeddings(ids)  # t_i

    def _word_states(
        self, audio: torch.Tensor | None, text: torch.Tensor | None, lengths: torch.Tensor
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        audio = None if audio is None else self.input_dropout(audio)
        text = None if text is None else self.input_dropout(text)
        if hasattr(self, "interacting_lstms"):
            return self.interacting_lstms(audio, text, lengths)
        audio_states = None if audio is None else self.audio_lstm(audio, lengths)
        text_states = None if text is None else self.text_lstm(text, lengths)
        return audio_states, text_states

    def _pool(self, joint: torch.Tensor, is_seen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """See `WordAttention`; without attention p_c is what the last of the words comes to."""
        if self.config.attention:
            return self.word_attention(joint, is_seen)
        places = torch.arange(joint.shape[1], device=is_seen.device)
        last_words = (is_seen * places).amax(2).to(joint.device)
        return joint.gather(1, last_words[:, :, None].expand(-1, -1, joint.shape[2])), None  # IM+HR


def _words_so_far(is_word: torch.Tensor) -> torch.Tensor:
    """bool (B, N) -> (B, N, N): for each place the words up to and including it."""
    return is_word[:, None] & is_word.new_ones(is_word.shape[1], is_word.shape[1]).tril()


def _joined(logits: list[torch.Tensor]) -> torch.Tensor:
    """Logits of the members' mean probability, up to a number that is the same for all labels."""
    return torch.stack(logits).log_softmax(-1).logsumexp(0)


def _check_beside(name: str, beside: dict[str, torch.Tensor | None]) -> None:
    missing = [other for other, value in beside.items() if value is None]
    if missing:
        raise ValueError(f"Beside {name} the model needs {', '.join(missing)}; give all that its processor made.")


class WISEForAudioClassification(WISEPreTrainedModel):
    """WISE with its three linear layers: the emotion of an utterance, equations (10)-(13)."""

    # Named here, too, so that a saved model always carries the pipeline's code: transformers copies what this module
    # imports, and a folder without it would break `pipeline("audio-classification", model=folder)`.
    pipeline_class = WISEAudioClassificationPipeline
    # The loss is a batch's mean: without this the **kwargs of `forward` tell transformers' Trainer that it is divided
    # by the items of all accumulated batches already.
    accepts_loss_kwargs = False

    def __init__(self, config: WISEConfig):
        super().__init__(config)
        self.wise = WISEModel(config)
        first_size, second_size = config.linear_sizes
        self.dropout = nn.Dropout(config.dropout)  # r_1, r_2
        self.linear_1 = nn.Linear(config.attention_size, first_size, bias=False)  # omega_1
        self.linear_2 = nn.Linear(first_size, second_size, bias=False)  # omega_2
        self.linear_3 = nn.Linear(second_size, config.num_labels, bias=False)  # omega_3
        others = range(config.num_members - 1)
        self.members = nn.ModuleList(WISEForAudioClassification(config.of_member()) for _ in others)
        self.post_init()

    @can_return_tuple
    def forward(
        self,
        input_features: torch.FloatTensor | None = None,
        phoneme_lengths: torch.LongTensor | None = None,
        word_lengths: torch.LongTensor | None = None,
        input_ids: torch.LongTensor | None = None,
        attention_mask: torch.LongTensor | None = None,
        labels: torch.LongTensor | None = None,
        input_values: torch.FloatTensor | None = None,
        input_lengths: torch.LongTensor | None = None,
        frame_index: torch.LongTensor | None = None,
        feature_mean: torch.FloatTensor | None = None,
        feature_std: torch.FloatTensor | None = None,
        word_vectors: torch.FloatTensor | None = None,
        piece_ids: torch.LongTensor | None = None,
        piece_words: torch.LongTensor | None = None,
        output_words: bool = False,
        **kwargs,
    ) -> WISEClassifierOutput:
        """Score the emotions of utterances.

        Args:
            labels: (B,) the emotion's number, as in `config.id2label`; gives the loss.

        The other arguments are those of `WISEModel`.

        Raises:
            ValueError: as `WISEModel` does, and for labels other than one whole number an utterance.
        """
        # Here, and not in `self.wise`, since the members read the same.
        input_features = self.wise.encode_frames(
            input_features, input_values, input_lengths, frame_index, feature_mean, feature_std
        )
        mask = word_lengths if attention_mask is None else attention_mask
        word_vectors = self.wise.encode_words(word_vectors, piece_ids, piece_words, mask)
        inputs = (input_features, phoneme_lengths, word_lengths, input_ids, attention_mask)
        asked = {"word_vectors": word_vectors, "output_words": output_words, "return_dict": True}
        outputs = self.wise(*inputs, **asked)
        scored = {"logits": self.score(outputs.pooler_output)}
        if output_words:
            scored["word_logits"] = self.score(outputs.word_pooler_output)
        if self.members:
            others = [member(*inputs, **asked) for member in self.members]
            scored = {name: _joined([its, *(each[name] for each in others)]) for name, its in scored.items()}
            if self.config.attention:
                weights = [outputs.attention_weights, *(each.attention_weights for each in others)]
                outputs["attention_weights"] = torch.stack(weights).mean(0)
        loss = None if labels is None else self._loss(scored["logits"], labels)
        return WISEClassifierOutput(loss=loss, **scored, **outputs)

    def score(self, pooled: torch.Tensor) -> torch.Tensor:
        """The layers on what the words come to: p_c (..., attention_size) -> logits (..., labels)"""
        p1 = self.linear_1(self.dropout(pooled)).relu()  # (10)
        p2 = self.linear_2(self.dropout(p1)).relu()  # (11)
        return self.linear_3(p2)  # (12), before the softmax

    def add_members(self, others: Sequence["WISEForAudioClassification"]) -> None:
        """Average the probabilities with those of other models, which were trained on the same from other seeds.

        The scores and the attention are then the mean of all; the other outputs stay this model's own.

        Args:
            others: models of the same configuration, without encoders.
        """
        self.members.extend(others)
        self.config.num_members = len(self.members) + 1

    def _loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        self.config.check_problem_type()
        if labels.is_floating_point() or labels.shape != logits.shape[:1]:
            raise ValueError(
                f"labels has the shape {tuple(labels.shape)} and the type {labels.dtype}; WISE learns one emotion an "
                f"utterance: give ({len(logits)},) whole numbers."
            )
        at_least_float32 = torch.promote_types(logits.dtype, torch.float32)
        return cross_entropy(logits.to(at_least_float32), labels.to(logits.device))  # (13), with its minus sign
