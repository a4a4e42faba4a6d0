"""The local model against a plain NumPy computation of the same network, and its life on disk."""

import asyncio
import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from assay.adapters.embeddings_local import MAX_TOKENS, LocalEmbeddings, _model_dir

TEXTS = (
    "What was revenue in 2022?",
    "Net sales rose by 8% to 394.3 billion dollars.",
    "The aircraft lost engine power during the climb, and the pilot landed in a field.",
    "Ünïcödé, 数字 and emoji 🙂 are text as well.",
    "word " * 400,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def local(folder: Path) -> Iterator[LocalEmbeddings]:
    embeddings = LocalEmbeddings(folder)
    yield embeddings
    embeddings.close()


def _normalised(x, weights, name):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    scaled = (x - mean) / np.sqrt(variance + 1e-12)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _linear(x, weights, name):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _attended(x, weights, name, heads):
    split = [
        _linear(x, weights, f"{name}.self.{part}").reshape(len(x), heads, -1).swapaxes(0, 1)
        for part in ("query", "key", "value")
    ]
    query, key, value = split
    scores = np.exp(query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1]))
    return (scores / scores.sum(-1, keepdims=True) @ value).swapaxes(0, 1).reshape(len(x), -1)


def _reference(text, weights, tokenizer, config):
    """BERT as Devlin et al. (2019) describe it, one text in float64, mean-pooled."""
    ids = tokenizer.encode(text).ids
    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x = x + weights["embeddings.token_type_embeddings.weight"][0]
    x = _normalised(x, weights, "embeddings.LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        attended = _attended(x, weights, f"{name}.attention", config["num_attention_heads"])
        x = x + _linear(attended, weights, f"{name}.attention.output.dense")
        x = _normalised(x, weights, f"{name}.attention.output.LayerNorm")
        inner = _linear(x, weights, f"{name}.intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = x + _linear(inner, weights, f"{name}.output.dense")
        x = _normalised(x, weights, f"{name}.output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    folder = _model_dir()
    weights = {
        name: value.astype(np.float64)
        for name, value in load_file(folder / "model.safetensors").items()
    }
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    config = json.loads((folder / "config.json").read_text())
    return np.array([_reference(text, weights, tokenizer, config) for text in TEXTS])


async def test_vectors_are_those_of_the_model(local, expected):
    vectors = np.array(await local.embed_passages(TEXTS))
    assert vectors.shape == (len(TEXTS), local.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert (vectors * expected).sum(1).min() > 0.98
    assert np.abs(vectors @ vectors.T - expected @ expected.T).max() < 0.05


async def test_a_question_is_nearest_to_its_answer(local):
    question = np.array(await local.embed_query("How much did the company sell?"))
    scores = np.array(await local.embed_passages(TEXTS[1:])) @ question
    assert scores.argmax() == 0


async def test_a_text_gets_the_same_vector_however_it_is_asked_for(local):
    (alone,) = await local.embed_passages([TEXTS[1]])
    among = await local.embed_passages(TEXTS)
    assert alone == among[1] == await local.embed_query(TEXTS[1])
    assert await local.embed_query(TEXTS[1]) == alone


async def test_nothing_and_white_space_are_texts_too(local):
    assert await local.embed_passages([]) == []
    for vector in await local.embed_passages(["", " \n\t", "\x00"]):
        assert math.hypot(*vector) == pytest.approx(1, abs=1e-5)


async def test_a_question_does_not_wait_for_documents(local):
    documents = asyncio.create_task(local.embed_passages([TEXTS[4]] * 200))
    await asyncio.gather(*(local.embed_query(f"question {n}") for n in range(5)))
    assert not documents.done()
    documents.cancel()


async def test_the_graph_is_built_once(local, folder):
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*.onnx")}
    again = LocalEmbeddings(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*.onnx")} == before
    assert await again.embed_query("x") == await local.embed_query("x")
    again.close()


async def test_a_damaged_or_outdated_graph_is_built_anew(local, tmp_path, folder):
    (path,) = folder.glob("*.onnx")
    (tmp_path / path.name).write_bytes(path.read_bytes()[:100_000])
    (tmp_path / "all-minilm-l6-v2-outdated.onnx").write_bytes(b"old")
    (tmp_path / ".build-killed").mkdir()
    mended = LocalEmbeddings(tmp_path)
    assert await mended.embed_query("x") == await local.embed_query("x")
    assert [left.name for left in tmp_path.iterdir() if left.name != ".build.lock"] == [path.name]
    mended.close()
