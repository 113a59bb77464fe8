"""A conversation with one notebook kernel, for the benchmark and the tests."""

import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("JUPYTER_RUNTIME_DIR", str(ROOT / ".venv/runtime"))
os.environ.setdefault("IPYTHONDIR", str(ROOT / ".venv/ipython"))  # else ~/.ipython appears

from jupyter_client.kernelspec import KernelSpecManager  # noqa: E402
from jupyter_client.manager import KernelManager  # noqa: E402

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Reply:
    """What a cell answered."""

    status: str
    seconds: float
    stdout: str = ""
    stderr: str = ""
    error: str = ""
    data: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.status == "ok"


class Session:
    """One kernel, from its start to its end; `mode` is lab or run."""

    def __init__(self, mode: str = "run", **environment: str):
        specs = KernelSpecManager(kernel_dirs=[str(ROOT / ".venv/share/jupyter/kernels")])
        self.manager = KernelManager(kernel_name="scurve", kernel_spec_manager=specs)
        began = time.monotonic()
        self.manager.start_kernel(cwd=str(ROOT), env={**os.environ, "SCURVE_KERNEL": mode, **environment})
        self.client = self.manager.client()
        self.client.allow_stdin = False
        self.client.start_channels()
        self.client.wait_for_ready(timeout=300)
        self.ready = time.monotonic() - began

    def run(self, code: str, timeout: float = 300) -> Reply:
        reply = Reply("", 0.0)

        def collect(message):
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    setattr(reply, content["name"], getattr(reply, content["name"]) + content["text"])
                case "error":
                    reply.error += ANSI.sub("", "\n".join([content["evalue"], *content["traceback"]]))
                case "execute_result" | "display_data":
                    reply.data |= content["data"]

        began = time.monotonic()
        answer = self.client.execute_interactive(code, timeout=timeout, output_hook=collect, store_history=False)
        reply.seconds = time.monotonic() - began
        reply.status = answer["content"]["status"]
        return reply

    def complete(self, code: str) -> list[str]:
        message = self.client.complete(code, len(code), reply=True, timeout=60)
        return message["content"].get("matches", [])

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
