"""Answers: conversations that retrieve, prompt, stream and cite."""
