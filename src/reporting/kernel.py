"""The kernel a report runs in: this interpreter, a clean environment, no network port.

The kernel is started from ``sys.executable`` whatever kernels are installed or
which environment is active, listens on sockets in a folder of its own, reads no
start-up file of the user, and sees only the variables it is allowed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

ALLOWED = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "PYTHONPATH",
    "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS", "PYTHONDONTWRITEBYTECODE",
)  # fmt: skip
"""The variables of the caller a notebook may see. Credentials are not among them."""

FIXED = {
    "PYTHONHASHSEED": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "JUPYTER_PLATFORM_DIRS": "1",
}
_SOURCE = str(Path(__file__).resolve().parents[1])


def environment(extra: dict[str, str], folder: Path) -> dict[str, str]:
    """The whole environment of a kernel: what is allowed, what is fixed, ``extra``.

    ``folder`` holds what IPython and Jupyter keep. The packages of this project
    are found where this file is.
    """
    seen = {key: os.environ[key] for key in ALLOWED if key in os.environ}
    path = [_SOURCE, *(part for part in seen.get("PYTHONPATH", "").split(os.pathsep) if part)]
    own = {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path)),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder),
    }
    return {**seen, **FIXED, **own, **extra}


class OneKernel(AsyncKernelManager):
    """A manager of one kernel; its class remembers it, for who must end it from outside."""

    started: OneKernel | None = None


def manager(folder: Path, variables: dict[str, str]) -> type[OneKernel]:
    """A kernel manager class whose kernels live in ``folder`` with ``variables``, and start there.

    ``folder`` must be the kernel's own and its path short: a socket's path has at
    most about 100 characters.
    """

    class OwnKernel(OneKernel):
        """One kernel of this interpreter, reached by files and not by ports."""

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.transport = "ipc"
            self.ip = str(folder / "k")
            self.connection_file = str(folder / "kernel.json")
            type(self).started = self

        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(
                argv=[sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher",
                      "-f", "{connection_file}"],
                display_name="Python 3",
                language="python",
            )  # fmt: skip

        async def _async_pre_start_kernel(self, **kwargs: Any) -> tuple[list[str], dict[str, Any]]:
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            kwargs.update(env=dict(variables), cwd=str(folder), **quiet)
            return await super()._async_pre_start_kernel(**kwargs)

    return OwnKernel
