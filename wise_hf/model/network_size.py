"""A network is no larger than its saved weights: what is beyond would be random, and may fill the memory."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import get_ident

import torch
from torch import nn
from torch.nn.modules.module import (
    register_module_buffer_registration_hook,
    register_module_parameter_registration_hook,
)

from .configuration_wise import WISEConfig
from .modeling_wise import WISEForAudioClassification


WHILE_BUILT = 3  # modules may replace what they are first built with, such as weights that are normalised later
MOST_BUFFERED = 10**8  # values that are made and not saved, such as masks


def check_size(config: WISEConfig, num_saved: int) -> None:
    """Build a network without memory for its values, and count them.

    Args:
        config: of the network.
        num_saved: how many values its weights have.

    Raises:
        ValueError: there are more in the network. What is far too large is not built to its end.
    """
    with torch.device("meta"), _counted(WHILE_BUILT * num_saved):
        network = WISEForAudioClassification(config)
    num_values = sum(each.numel() for each in network.parameters())
    if num_values > num_saved:
        raise ValueError(
            f"There are {num_saved:,} weights, and the configuration has {num_values:,}; fetch the model anew."
        )


@contextmanager
def _counted(most_weights: int) -> Iterator[None]:
    """Raise once this thread has made more weights, or more than `MOST_BUFFERED` other values."""
    left, builder = {"weights": most_weights, "values that are not saved": MOST_BUFFERED}, get_ident()

    def counter(what: str) -> Callable[[nn.Module, str, torch.Tensor | None], None]:
        most = left[what]

        def count(module: nn.Module, name: str, values: torch.Tensor | None) -> None:
            if values is not None and get_ident() == builder:
                left[what] -= values.numel()
                if left[what] < 0:
                    told = f"The configuration makes more than {most:,} {what}"
                    raise ValueError(f"{told}, far more than the saved weights need; fetch it anew.")

        return count

    of_weights, of_others = map(counter, left)
    with ExitStack() as hooks:
        hooks.enter_context(register_module_parameter_registration_hook(of_weights))
        hooks.enter_context(register_module_buffer_registration_hook(of_others))
        yield
