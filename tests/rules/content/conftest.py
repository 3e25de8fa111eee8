"""Properties have no deadline: how busy the machine is says nothing about a rule."""

from hypothesis import settings

settings.register_profile("rules", deadline=None)
settings.load_profile("rules")
