"""Reads Containerfiles as far as the tests ask."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """One instruction, with continued lines joined."""

    name: str
    text: str


@dataclass(frozen=True)
class Stage:
    """What follows one FROM."""

    image: str
    instructions: tuple[Instruction, ...]

    def all(self, name: str) -> list[str]:
        """Return the texts of every instruction of a name."""
        return [each.text for each in self.instructions if each.name == name]


def stages(path: Path) -> list[Stage]:
    """Return the stages of a Containerfile in their order."""
    found: list[tuple[str, list[Instruction]]] = []
    for instruction in _instructions(path.read_text()):
        if instruction.name == "FROM":
            words = [word for word in instruction.text.split() if not word.startswith("--")]
            found.append((words[0], []))
        else:
            found[-1][1].append(instruction)
    return [Stage(image, tuple(each)) for image, each in found]


def exec_form(text: str) -> list[str]:
    """Return the words of an instruction written as JSON, without a shell.

    :raises ValueError: it is written for a shell.
    """
    words = json.loads(text)
    if not isinstance(words, list):
        raise TypeError(text)
    return words


def _instructions(text: str) -> list[Instruction]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    pairs = [line.strip().split(maxsplit=1) for line in joined.splitlines()]
    return [Instruction(name, " ".join(rest.split())) for name, rest in pairs]
