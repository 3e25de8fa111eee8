"""The composition root, and the only file that sees all four houses: settings → outside → app and scheduler."""

import gc

gc.set_threshold(0)  # what is imported stays: to look for garbage in it took a third of every start and end
import os
from functools import partial

from integrations.catcher import MailStore, catching
from integrations.directory import outside_as_set
from integrations.sandbox import SandboxMail
from sales_campaigns import demo
from sales_campaigns.accounts.instance import clock_of
from sales_campaigns.accounts.secrets import seal_of
from sales_campaigns.database import make_engine, make_sessions
from sales_campaigns.logs import configure_logs
from sales_campaigns.messages.handing_over.opening import open_post_room
from sales_campaigns.settings import settings_or_exit
from scheduler import commands, demo_week, rehearsing, runner
from web import create_app
from web.serving import Beside, serve_command

settings = settings_or_exit(os.environ)
configure_logs(settings.log_format)
engine = make_engine(settings.database)
sessions, reads = make_sessions(engine, seal=seal_of(settings)), make_sessions(engine, reads_only=True)
clock, rehearse = clock_of(settings.demo_speed, sessions), partial(rehearsing.rehearse, SandboxMail)
caught = MailStore(settings.data_dir / "caught") if settings.demo else None
outside = outside_as_set(settings, caught)
room = open_post_room(settings, outside, sessions, reads, clock)
beside: list[Beside] = [partial(runner.running, settings, room, rehearse)]
catch = None if caught is None else partial(catching, caught)
if catch is not None:  # the catcher starts first: what is due goes out as soon as the scheduler runs
    beside.insert(0, partial(catch, settings.catcher_port, partial(demo.move_mailboxes, sessions)))
app = create_app(settings, engine, outside, clock, rehearse)
for command in (*commands.groups(settings, room, rehearse), demo_week.command(room, engine, catch)):
    app.cli.add_command(command)
app.cli.add_command(serve_command(app, beside))
gc.freeze()
gc.set_threshold(50_000)
