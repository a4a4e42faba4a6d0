"""Applies the stack of an environment to the emulated account, stage by stage."""
