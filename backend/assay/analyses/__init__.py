"""One question over many documents: tables, summaries, comparisons, labels; every value quoted."""
