"""The composition root, and the only file that sees all four houses: settings → outside → app and scheduler."""

import os

from integrations.directory import connected
from sales_campaigns.accounts.instance import clock_anchor
from sales_campaigns.clock import Clock, SpedUpClock, SystemClock
from sales_campaigns.database import make_engine, make_sessions
from sales_campaigns.errors import Invalid
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.settings import read_settings
from web import create_app

try:
    settings = read_settings(os.environ)
except Invalid as error:
    lines = [f"  {name}: {words}" for name, words in error.problems.items()]
    raise SystemExit("These settings are not right:\n" + "\n".join(lines)) from None

engine = make_engine(settings.database)
sessions = make_sessions(engine)
clock: Clock = SystemClock()
if settings.demo_speed > 1:
    clock = SpedUpClock(settings.demo_speed, lambda: clock_anchor(sessions))
outside = OutsideWorld(mail=connected())
app = create_app(settings, engine, outside, clock)
