"""Judgements about deliveries. Decides; never writes, sends or reads the clock."""
