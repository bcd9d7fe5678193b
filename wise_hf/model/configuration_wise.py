"""The sizes and choices of a WISE model."""

import operator
from typing import Literal

from huggingface_hub.dataclasses import strict
from transformers import AutoConfig, PreTrainedConfig


EMOTIONS = ("angry", "happy", "neutral", "sad")
# The families of speech encoders whose frames are known: what they are made from, and when.
FRAME_ENCODERS = ("whisper", "wav2vec2", "hubert", "wavlm", "unispeech", "unispeech-sat", "wav2vec2-bert")
# Of an encoder in training: layers that are left out have no frames, and what is masked is no emotion.
_LAYERS_LEFT_OUT = ("layerdrop", "encoder_layerdrop", "mask_time_prob", "mask_feature_prob")


def check_family(model_type: str | None) -> None:
    """Refuse encoders whose frames nobody knows.

    Raises:
        ValueError: for an encoder of an unknown family.
    """
    if model_type not in FRAME_ENCODERS:
        raise ValueError(
            f"The frame encoder is of the type '{model_type}'; expected one of {', '.join(FRAME_ENCODERS)}."
        )


@strict
class FrameEncoderConfig(PreTrainedConfig):
    """A pretrained speech encoder whose frames take the place of MFCC.

    Args:
        encoder: its own configuration, cut to the layers that are used.
        inputs: the settings of its own feature extractor, which makes its input of a waveform.
        name: what it was read from: a name on the Hub, or that of a folder.
        license: of its weights, where its files tell.
        layers: the layers whose states are taken; 1 is the first.
        mix: `mean` of these layers, or `learnt`: all of them, one after the other, for the model to weigh.
        padding: `none` (a recording is encoded at its own length) or `window` (padded to the 30 s that Whisper was
            trained on). The frames differ, so a model keeps to what it was trained on.

    Raises:
        ValueError: for an encoder of an unknown family, layers that it does not have, or a window where it has none.
    """

    model_type = "wise_frame_encoder"
    sub_configs = {"encoder": AutoConfig}

    encoder: dict | PreTrainedConfig | None = None
    inputs: dict | None = None
    name: str | None = None
    license: str | None = None
    layers: list[int] | tuple[int, ...] = (1,)
    mix: Literal["mean", "learnt"] = "mean"
    padding: Literal["none", "window"] = "none"

    def __post_init__(self, **kwargs):
        if isinstance(self.encoder, dict):
            check_family(self.encoder.get("model_type"))
            self.encoder = AutoConfig.for_model(**self.encoder)
        self.layers = list(self.layers)
        super().__post_init__(**kwargs)
        if self.encoder is None:  # as transformers makes one to compare with
            return
        check_family(self.encoder.model_type)
        for name in _LAYERS_LEFT_OUT:
            if hasattr(self.encoder, name):
                setattr(self.encoder, name, 0.0)
        _check_layers("frame", self.layers, self.encoder)
        if self.padding == "window" and self.encoder.model_type != "whisper":
            raise ValueError("Only Whisper has a window to pad to; give padding 'none'.")

    @property
    def feature_size(self) -> int:
        """Values a frame."""
        return self.encoder.hidden_size * (len(self.layers) if self.mix == "learnt" else 1)


@strict
class WordEncoderConfig(PreTrainedConfig):
    """A pretrained text encoder whose vectors, which know the words around a word, take the place of a table's.

    Args:
        encoder: its own configuration, cut to the layers that are used.
        name: what it was read from: a name on the Hub, or that of a folder.
        license: of its weights, where its files tell.
        layers: the layers whose states are taken, and their mean; 1 is the first.
        before: the numbers of what its tokenizer puts before a text, such as [CLS].
        after: the numbers of what it puts after a text, such as [SEP].
        max_pieces: pieces, those before and after among them, that it is given at a time.

    Raises:
        ValueError: for layers that the encoder does not have, or no room for a piece.
    """

    model_type = "wise_word_encoder"
    sub_configs = {"encoder": AutoConfig}

    encoder: dict | PreTrainedConfig | None = None
    name: str | None = None
    license: str | None = None
    layers: list[int] | tuple[int, ...] = (1,)
    before: list[int] | tuple[int, ...] = ()
    after: list[int] | tuple[int, ...] = ()
    max_pieces: int = 512

    def __post_init__(self, **kwargs):
        if isinstance(self.encoder, dict):
            self.encoder = AutoConfig.for_model(**self.encoder)
        self.layers, self.before, self.after = list(self.layers), list(self.before), list(self.after)
        super().__post_init__(**kwargs)
        if self.encoder is None:  # as transformers makes one to compare with
            return
        _check_layers("word", self.layers, self.encoder)
        around = len(self.before) + len(self.after)
        if self.max_pieces <= around:
            raise ValueError(f"max_pieces is {self.max_pieces}, of which {around} stand around a text; give more.")

    @property
    def padding_id(self) -> int:
        """What texts are padded with; it is masked."""
        return self.encoder.pad_token_id or 0


def layers_in_words(layers: list[int]) -> str:
    """`layer 3`, or `layers 2, 3`, as results and cards name them."""
    return f"layer{'s' * (len(layers) > 1)} {', '.join(map(str, layers))}"


def _check_layers(kind: str, layers: list[int], encoder: PreTrainedConfig) -> None:
    if not layers or not all(1 <= layer <= encoder.num_hidden_layers for layer in layers):
        raise ValueError(
            f"The layers {layers} are not among the {encoder.num_hidden_layers} of the {kind} encoder; the first is 1."
        )


@strict
class WISEConfig(PreTrainedConfig):
    """The sizes and choices of a WISE model; the defaults are those of the paper (section 4.2).

    Args:
        vocab_size: rows of the word embedding, the padding (0) and the unknown word (1) among them; 0 = there is none:
            the words' vectors are given to the model, or made by its word encoder.
        word_embedding_size: size of a word embedding t_i (GloVe: 300).
        freeze_word_embeddings: keep the word embeddings as they were loaded; `False` trains them too.
        feature_size: values in a frame f_ij, those of the feature extractor (13 cepstral coefficients, their deltas
            and accelerations: 39).
        phoneme_hidden_size: units of the recurrent network over the frames of a phoneme.
        word_hidden_size: units of the recurrent network over the phonemes of a word; the size of a_i.
        audio_hidden_size: units of the audio LSTM.
        text_hidden_size: units of the text LSTM.
        attention_size: output size of the attention layer, the size of p_c.
        linear_sizes: output sizes of the first two linear layers; the third gives one value an emotion.
        dropout: share of units dropped before the first two linear layers, equations (10) and (11).
        interaction: exchange the states of the two LSTMs at every word, equation (3) (IM in Table 2).
        interaction_std: deviation of the normal distribution that the interaction matrix starts from.
        attention: weigh the words, equations (7)-(9) (DMF in Table 2); `False` classifies the last states.
        hierarchy: `phoneme` (HR: frames to phonemes to the word), `word` (HR-: frames to the word) or `none`
            (the mean of a word's frames).
        recurrent_unit: unit of the hierarchy (section 3.2).
        modality: `both`, or one of the two alone (then nothing interacts).
        input_dropout: share of the values of a_i and t_i dropped; 0 in the paper.
        frame_encoder: the pretrained speech encoder that makes the frames of a waveform; `None` where frames are
            given to the model as they are.
        word_encoder: the pretrained text encoder that makes the vectors of words; `None` where they are given to the
            model as they are, or looked up in its word embedding.
        mixed_layers: layers of an encoder that a frame holds one after the other, of which a mean with learnt weights
            is taken; 1 = nothing is weighed.
        values_beside_layers: values of a frame, its last, that are of no layer: the MFCC beside an encoder's.
        frame_projection_size: outputs of a linear layer that each frame goes through first; 0 = none.
        frame_dropout: share of the values of a frame dropped.
        num_members: networks of these sizes that were trained apart, from different seeds, and whose probabilities are
            averaged; 1 in the paper. They share the encoders.

    A model of other emotions is made with `id2label={0: "calm", 1: "afraid"}`.

    Raises:
        ValueError: for a size below one, a share outside [0, 1), a negative deviation, a `problem_type` other than one
            emotion an utterance, or labels that are not numbered from 0, occur twice or stand in another order in
            `label2id`.
        StrictDataclassFieldValidationError: for a value of another type than its field's, or an unknown choice.
    """

    model_type = "wise"
    sub_configs = {"frame_encoder": FrameEncoderConfig, "word_encoder": WordEncoderConfig}
    # All of the classifier's outputs but its loss and its logits, which are thus what Trainer calls the predictions.
    keys_to_ignore_at_inference = [
        "word_logits",
        "word_pooler_output",
        "pooler_output",
        "audio_states",
        "text_states",
        "attention_weights",
        "word_audio_vectors",
    ]

    vocab_size: int = 20_000
    word_embedding_size: int = 300
    freeze_word_embeddings: bool = True
    feature_size: int = 39
    phoneme_hidden_size: int = 50
    word_hidden_size: int = 100
    audio_hidden_size: int = 100
    text_hidden_size: int = 150
    attention_size: int = 200
    linear_sizes: list[int] | tuple[int, ...] = (200, 100)
    dropout: float | int = 0.3
    interaction: bool = True
    interaction_std: float | int = 0.05
    attention: bool = True
    hierarchy: Literal["phoneme", "word", "none"] = "phoneme"
    recurrent_unit: Literal["gru", "lstm", "bigru", "bilstm"] = "gru"
    modality: Literal["both", "audio", "text"] = "both"
    input_dropout: float | int = 0.0
    frame_encoder: dict | FrameEncoderConfig | None = None
    word_encoder: dict | WordEncoderConfig | None = None
    mixed_layers: int = 1
    values_beside_layers: int = 0
    frame_projection_size: int = 0
    frame_dropout: float | int = 0.0
    num_members: int = 1

    def __post_init__(self, **kwargs):
        if isinstance(self.frame_encoder, dict):
            self.frame_encoder = FrameEncoderConfig(**self.frame_encoder)
        if isinstance(self.word_encoder, dict):
            self.word_encoder = WordEncoderConfig(**self.word_encoder)
        self.check_problem_type()
        if self.label2id:
            self.id2label = _agreed(self.id2label, self.label2id)
        elif self.id2label is not None:
            self.id2label = _numbered("id2label", self.id2label)
        elif kwargs.get("num_labels") is None:
            self.id2label = dict(enumerate(EMOTIONS))
        self.linear_sizes = list(self.linear_sizes)  # as JSON gives it back
        kwargs.setdefault("auto_map", dict(_AUTO_MAP))
        kwargs.setdefault("custom_pipelines", {"audio-classification": dict(_PIPELINE)})
        super().__post_init__(**kwargs)
        self.label2id = _inverse(self.id2label)
        self._check_sizes()
        self._check_encoders()
        self._check_frames()
        self._check_words()
        self._check_shares()

    @classmethod
    def from_dict(cls, config_dict: dict, **kwargs) -> "WISEConfig":
        """A configuration from its JSON; labels given beside it replace those inside it, in both directions.

        Args:
            config_dict: what `to_dict` gives.
            kwargs: fields to change.
        """
        labels = {name: kwargs.pop(name) for name in ("id2label", "label2id") if name in kwargs}
        if labels:
            config_dict = {**config_dict, "id2label": None, "label2id": None, **labels}
        if "problem_type" in kwargs:
            config_dict = {**config_dict, "problem_type": kwargs.pop("problem_type")}
        return super().from_dict(config_dict, **kwargs)

    def check_problem_type(self) -> None:
        """Refuse problems that WISE does not learn.

        Raises:
            ValueError: where `problem_type` asks for anything but one emotion an utterance.
        """
        if self.problem_type not in (None, "single_label_classification"):
            raise ValueError(
                f"problem_type is {self.problem_type!r}; WISE learns one emotion an utterance: leave it out, or give "
                "'single_label_classification'."
            )

    def _check_sizes(self) -> None:
        names = [name for name in WISEConfig.__annotations__ if name.endswith("_size")]
        for may_be_0 in ("frame_projection_size", "vocab_size"):
            names.remove(may_be_0)
        sizes = {name: getattr(self, name) for name in names} | {"number of labels": self.num_labels}
        for name, size in [*sizes.items(), *(("linear_sizes", size) for size in self.linear_sizes)]:
            if size < 1:
                raise ValueError(f"{name} is {size}; a size is at least 1.")
        if len(self.linear_sizes) != 2:
            raise ValueError(f"linear_sizes is {self.linear_sizes}; give the sizes of the first two linear layers.")

    def of_member(self) -> "WISEConfig":
        """The configuration of a member, which is given frames and vectors that are ready."""
        own = {"num_members": 1, "frame_encoder": None, "word_encoder": None}
        return type(self).from_dict(self.to_dict() | own)

    @property
    def layer_size(self) -> int:
        """Values that a frame has of each layer of an encoder."""
        return (self.feature_size - self.values_beside_layers) // self.mixed_layers

    def _check_encoders(self) -> None:
        for name in ("frame_encoder", "word_encoder"):
            part = getattr(self, name)
            if part is not None and part.encoder is None:
                raise ValueError(f"{name} holds no encoder; give the configuration of one in it, or leave it out.")

    def _check_frames(self) -> None:
        layers, beside = self.mixed_layers, self.values_beside_layers
        if layers < 1 or not 0 <= beside < self.feature_size or (self.feature_size - beside) % layers:
            raise ValueError(
                f"feature_size is {self.feature_size}, which is not {layers} layers of one size and {beside} values; "
                "check mixed_layers and values_beside_layers."
            )
        if self.frame_projection_size < 0:
            raise ValueError(f"frame_projection_size is {self.frame_projection_size}; it is 0 (none) or above.")
        if self.frame_encoder is not None and self.frame_encoder.feature_size + beside != self.feature_size:
            raise ValueError(
                f"feature_size is {self.feature_size}, and the frame encoder makes {self.frame_encoder.feature_size} "
                f"values beside {beside}; set feature_size to their sum."
            )

    def _check_words(self) -> None:
        if self.vocab_size < 0:
            raise ValueError(f"vocab_size is {self.vocab_size}; it is 0 (no word embedding) or above.")
        if self.word_encoder is None:
            return
        made = self.word_encoder.encoder.hidden_size
        if self.vocab_size or self.word_embedding_size != made:
            raise ValueError(
                f"word_embedding_size is {self.word_embedding_size} and vocab_size {self.vocab_size}, and the word "
                f"encoder makes vectors of {made} values; set them to {made} and 0."
            )

    def _check_shares(self) -> None:
        if self.num_members < 1:
            raise ValueError(f"num_members is {self.num_members}; a model has at least 1.")
        for name in ("dropout", "input_dropout", "frame_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it is a share, at least 0 and below 1.")
        if not 0 <= self.interaction_std < float("inf"):
            raise ValueError(f"interaction_std is {self.interaction_std}; a deviation is a finite number, at least 0.")


def _numbered(name: str, id2label: dict) -> dict[int, str]:
    """Labels in the order of their numbers, which JSON gives back as strings; `name` is what an error calls them."""
    try:
        labels = sorted((_whole(number), label) for number, label in id2label.items())
    except (AttributeError, TypeError, ValueError):
        raise ValueError(
            f"{name} is {str(id2label):.200}; give numbers and labels: {{0: 'angry', 1: 'happy'}}."
        ) from None
    numbers, names = [number for number, _ in labels], [label for _, label in labels]
    if numbers != list(range(len(numbers))):
        raise ValueError(f"{name} has the keys {str(numbers):.200}; number the labels 0, 1, 2, ...")
    if len(set(names)) < len(names):
        raise ValueError(f"{name} names a label twice: {str(names):.200}; give each its own name.")
    return dict(labels)


def _whole(number: int | str) -> int:
    return int(number) if isinstance(number, str) else operator.index(number)


def _agreed(id2label: dict | None, label2id: dict) -> dict[int, str]:
    """The labels of `label2id`, in the order of their numbers; `id2label` is absent or says the same."""
    if not isinstance(label2id, dict):
        raise ValueError(f"label2id is {str(label2id):.200}; give labels and numbers: {{'angry': 0, 'happy': 1}}.")
    labels = _numbered("label2id, turned round,", _inverse(label2id))
    if len(labels) < len(label2id):
        raise ValueError(f"label2id {str(label2id):.200} gives two labels one number; give each its own.")
    if id2label is not None and _numbered("id2label", id2label) != labels:
        raise ValueError(
            f"label2id {str(label2id):.200} contradicts id2label {str(id2label):.200}; give id2label alone."
        )
    return labels


def _inverse(labels: dict) -> dict:
    return {value: key for key, value in labels.items()}


# Saved with every configuration, since registering for an Auto class names one class of a file only.
_AUTO_MAP = {
    "AutoConfig": "configuration_wise.WISEConfig",
    "AutoModel": "modeling_wise.WISEModel",
    "AutoModelForAudioClassification": "modeling_wise.WISEForAudioClassification",
}
_PIPELINE = {
    "impl": "pipeline_wise.WISEAudioClassificationPipeline",
    "pt": ["AutoModelForAudioClassification"],
    "type": "audio",
}
