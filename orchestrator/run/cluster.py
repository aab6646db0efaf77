"""Starts a private Ray on this machine, or joins a cluster that is there, and leaves it again."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from search_spaces.errors import UnavailableError

# Read by Ray when it is imported or started, so they stand before `import ray`.
_QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # trials read and write absolute paths only
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # the study and the trial's folder hold the numbers
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C is ours, see interrupt.py
    "TUNE_FORCE_TRIAL_CLEANUP_S": "5",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_INSUFFICENT_RESOURCE_THRESHOLD_S": "0",
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",  # Ray's own snapshot is never read: the study knows
}
_KNOCK_SECONDS = 5.0
_OBJECT_STORE_BYTES = 256 * 2**20  # reports are small; data and features are memory-mapped files


@contextmanager
def cluster(address: str | None, *, cpus: int, gpus: float | None = None) -> Iterator[None]:
    """A Ray session: `address`'s cluster, or a local one that ends with this block.

    A session that the process has already opened is used as it is, and left open.

    Args:
        cpus: cores of a local one.
        gpus: GPUs of a local one (default: what Ray finds).

    Raises:
        UnavailableError: the cluster cannot be reached, or Ray cannot start here.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if address is None:
        _own_token()
    import ray

    if ray.is_initialized():
        yield
        return
    try:
        if address is None:
            _start_local(cpus, gpus)
        else:
            _knock(address)
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:
        what = "A local Ray" if address is None else f"The Ray cluster at {address}"
        hint = "--local runs the same search without Ray."
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnavailableError(what, [("ray.init", reason)], hint=hint) from None
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Ray itself tries for almost three minutes before it says that nobody answers.

    Raises:
        OSError: nothing listens at `host:port` or `ray://host:port`.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_SECONDS).close()


def _start_local(cpus: int, gpus: float | None) -> None:
    import ray

    with _loopback_only():
        ray.init(
            address="local",  # else Ray joins any cluster that it finds running on this machine
            num_cpus=cpus,
            num_gpus=int(gpus) if gpus else None,
            object_store_memory=_OBJECT_STORE_BYTES,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )


@contextmanager
def _loopback_only() -> Iterator[None]:
    """Nothing of a Ray that is started in this block listens beyond this machine.

    Ray replaces a node address of 127.0.0.1 by the machine's own and listens everywhere, unless
    this constant says that the machine is no part of a cluster (ray/_private/services.py,
    `resolve_ip_for_localhost` and `get_node_ip_address`, 2.60). A test counts what listens.
    """
    from ray._private import ray_constants

    before = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


def _own_token() -> None:
    """A token for this session only: Ray would keep one under the home, which may be read-only."""
    if "RAY_AUTH_MODE" not in os.environ and "RAY_AUTH_TOKEN" not in os.environ:
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
