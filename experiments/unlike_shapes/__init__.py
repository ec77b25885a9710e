"""Domains of unlike shapes: faces into critters, by several systems; and what trains and measures such runs."""
