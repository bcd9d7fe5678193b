"""The model in training: gradients, several processes, mixed precision."""

import os
import subprocess
import sys

import pytest
import torch
from model_inputs import assert_equal, make_batch, make_model, random_utterance, variants

from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.modeling_wise import WISEForAudioClassification


@variants([{}, {"attention": False}, {"interaction": False}, {"hierarchy": "word"}, {"recurrent_unit": "bilstm"}])
def test_every_parameter_but_frozen_word_embeddings_gets_a_gradient(variant):
    torch.manual_seed(0)
    model = WISEForAudioClassification(WISEConfig(vocab_size=12, **variant)).train()
    model(**make_batch(model)).loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.requires_grad == (name != "wise.word_embeddings.weight"), name
        assert not parameter.requires_grad or parameter.grad.abs().sum() > 0, name


# In a process of its own, which ends at once: gloo's threads may wait for Python's lock while it waits for them.
DISTRIBUTED = """
import os, sys
import torch
from model_inputs import make_batch, make_model
from torch.distributed import init_process_group
from torch.nn.parallel import DistributedDataParallel
from wise_hf.model.modeling_wise import WISEForAudioClassification

folder = sys.argv[1]
make_model(dtype=torch.float32, freeze_word_embeddings=True).save_pretrained(folder)
model = WISEForAudioClassification.from_pretrained(folder).train()
init_process_group("gloo", init_method=f"file://{folder}/group", rank=0, world_size=1)
distributed = DistributedDataParallel(model)
for _ in range(3):  # the second step raises where a parameter got no gradient in the first
    distributed(**make_batch(model)).loss.backward()
print(float(model.linear_1.weight.grad.abs().sum()), flush=True)
os._exit(0)
"""


@pytest.mark.slow
def test_distributed_training_takes_several_steps_after_a_reload(tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", DISTRIBUTED, tmp_path], capture_output=True, text=True, env=environment, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) > 0


def test_it_learns_a_handful_of_utterances():
    model = make_model(dtype=torch.float32, linear_sizes=[32, 16]).train()
    utterances = [random_utterance(model.config, seed, 3) for seed in range(8)]
    batch = make_batch(model, utterances)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(100):
        optimizer.zero_grad()
        model(**batch).loss.backward()
        optimizer.step()
    assert (model(**batch).logits.argmax(1) == batch["labels"]).all()


@variants()
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_mixed_precision_gives_a_finite_loss_near_that_of_float32(variant, dtype):
    model = make_model(variant, dtype=torch.float32)
    batch = make_batch(model)
    expected = model(**batch).loss
    with torch.autocast("cpu", dtype=dtype):
        loss = model(**batch).loss
    loss.backward()
    assert loss.dtype == torch.float32
    assert_equal(loss, expected, tolerance=0.02)
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters() if parameter.grad is not None)
