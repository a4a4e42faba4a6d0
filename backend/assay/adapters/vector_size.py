"""How much a tenant's vectors weigh, for its quota and its bill."""

WORDS = 60
"""Different words of a typical passage (the median of quarterly reports and abstracts)."""
PAYLOAD = 200
"""Three ids as text, their keys, and the point's own id."""
LINKS = 2 * 16 * 4
"""Links of the graph: `payload_m` 16, both ways, four bytes each (Qdrant's memory estimate)."""


def bytes_per_passage(dimensions: int) -> int:
    """Return what a passage takes in the vector store, reckoned, in bytes.

    Four bytes a number of the dense vector; for each word eight in the sparse vector and eight
    in its index; payload and graph.
    """
    return 4 * dimensions + 16 * WORDS + PAYLOAD + LINKS
