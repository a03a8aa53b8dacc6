"""Beam: linear graphs, the sharded writer, and how workers are started.

Beam takes a second to import. Only what runs a graph or opens a file imports it, so a run that finds everything done
does not.
"""
