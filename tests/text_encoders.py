"""Small text encoders with random weights, saved as transformers saves them."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    AutoModel,
    BertConfig,
    BertTokenizerFast,
    PreTrainedConfig,
    PreTrainedTokenizerBase,
    RobertaConfig,
    RobertaTokenizerFast,
)


TEXTS = ("Kids are talking by the door", "Dogs are sitting by the door", "Don't you know it's me?", "I'm here, too.")
SIZES = {
    "hidden_size": 12,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 10,
    "max_position_embeddings": 18,  # 16 are used
    "initializer_range": 0.5,  # so that words differ
}


def tiny_bert(folder: Path, **changes: object) -> Path:
    """A cased BERT whose vocabulary are letters and some endings."""
    letters = sorted({letter for text in TEXTS for letter in text if letter != " "})
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *letters,
        *(f"##{each}" for each in letters),
        "kid",
        "##ing",
    ]
    tokenizer = BertTokenizerFast(
        vocab={piece: number for number, piece in enumerate(pieces)}, do_lower_case=False, strip_accents=False
    )
    return _save(folder, BertConfig(vocab_size=len(pieces), **SIZES | changes), tokenizer)


def tiny_roberta(folder: Path, **changes: object) -> Path:
    """A RoBERTa whose byte-level tokenizer knows the words of a few texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(vocab_size=290, special_tokens=specials, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(TEXTS, trainer)
    learnt = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(pair) for pair in learnt["merges"]]
    config = RobertaConfig(vocab_size=len(learnt["vocab"]), **SIZES | changes)
    return _save(folder, config, RobertaTokenizerFast(vocab=learnt["vocab"], merges=merges))


ENCODERS = {"bert": tiny_bert, "roberta": tiny_roberta}


def _save(folder: Path, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> Path:
    torch.manual_seed(0)
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "LICENSE").write_text("MIT License\n\nAnd so on.\n")
    return folder
