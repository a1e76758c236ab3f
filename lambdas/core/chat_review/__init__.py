"""Reviewing chat messages, by the standard library alone: IVS Chat waits 200 ms for an answer, also for a function that has to start."""
