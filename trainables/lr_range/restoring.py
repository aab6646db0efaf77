"""Everything that training moves, put back bit for bit afterwards, also after an exception."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import nn


class Stateful(Protocol):
    """torch's convention: optimisers, gradient scalers, averaged weights."""

    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any: ...


class Loader(Protocol):
    """This project's convention: `Batches` and everything else that draws from its own state."""

    def state(self) -> Any: ...
    def load_state(self, state: Any, /) -> None: ...


@contextmanager
def restoring(
    *,
    modules: Iterable[nn.Module] = (),
    stateful: Iterable[Stateful] = (),
    loaders: Iterable[Loader] = (),
    generators: Iterable[torch.Generator] = (),
) -> Generator[None, None, None]:
    """Whatever happens within, all of these are afterwards as they were before.

    Of modules: parameters and their gradients, buffers (also those that a state_dict leaves out),
    train flags and requires_grad, in place, so that an optimiser's references stay good. Of the
    process: torch's global generators, on the CPU and on every GPU in use.

    Args:
        stateful: optimisers and other things with a `state_dict`; their param_groups are new
            dicts afterwards.
        loaders: things with `state()` and `load_state()`.
    """
    put_back: list[Callable[[], object]] = [_global_generators()]
    put_back += [_module(module) for module in modules]
    put_back += [_state_dict(thing) for thing in stateful]
    put_back += [_state(loader) for loader in loaders]
    put_back += [_generator(generator) for generator in generators]
    try:
        yield
    finally:
        # Generators come last: a loader may share one, whose own state has the last word.
        for restore in put_back:
            restore()


def _module(module: nn.Module) -> Callable[[], object]:
    flags = [(part, part.training) for part in module.modules()]
    parameters = [
        (p, p.detach().clone(), _kept(p.grad), p.requires_grad) for p in module.parameters()
    ]
    buffers = [
        (part, name, buffer, _kept(buffer))
        for part in module.modules()
        for name, buffer in part._buffers.items()
    ]

    def restore() -> None:
        for part, training in flags:
            part.training = training
        with torch.no_grad():
            for parameter, value, gradient, required in parameters:
                parameter.copy_(value)
                parameter.grad = gradient
                parameter.requires_grad_(required)
            for part, name, buffer, kept in buffers:
                # The very tensor again: code within may have put another one in its place.
                part._buffers[name] = buffer
                if buffer is not None and kept is not None:
                    buffer.copy_(kept)

    return restore


def _kept(tensor: torch.Tensor | None) -> torch.Tensor | None:
    return None if tensor is None else tensor.detach().clone()


def _state_dict(thing: Stateful) -> Callable[[], object]:
    saved = copy.deepcopy(thing.state_dict())
    return lambda: thing.load_state_dict(saved)


def _state(loader: Loader) -> Callable[[], object]:
    saved = copy.deepcopy(loader.state())
    return lambda: loader.load_state(saved)


def _generator(generator: torch.Generator) -> Callable[[], object]:
    saved = generator.get_state()
    return lambda: generator.set_state(saved)


def _global_generators() -> Callable[[], object]:
    """Of a GPU only if it is in use: to ask would start it."""
    saved = torch.get_rng_state()
    on_gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []

    def restore() -> None:
        torch.set_rng_state(saved)
        if on_gpus:
            torch.cuda.set_rng_state_all(on_gpus)

    return restore
