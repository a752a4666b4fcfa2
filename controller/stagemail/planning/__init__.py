"""Planning: pure functions from what Git wants and what the platform has to an ordered plan.

``plan_stage`` is the way in. No clock, no log, no I/O; equal input gives an equal plan.
"""

from stagemail.planning.planner import keys_to_observe, plan_stage
from stagemail.planning.situation import Situation

__all__ = ["Situation", "keys_to_observe", "plan_stage"]
