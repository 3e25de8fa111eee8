"""The trace of one step of one way: what it waits for, in order, by the rules that open, send and end steps."""

from __future__ import annotations

from dataclasses import replace

from sales_campaigns.campaigns.models import CampaignState, Step
from sales_campaigns.campaigns.planner import Planned
from sales_campaigns.enrollments.explaining.planned_gates import gates_of_planned, gates_of_run
from sales_campaigns.enrollments.explaining.surroundings import Surroundings
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.enrollments.states import OVER, STEP_RUN, UNDER_WAY
from sales_campaigns.enrollments.ways import Way
from sales_campaigns.messages import states as mail_states
from sales_campaigns.messages.explaining.mail_gates import HOLDS, KEPT, not_running, time_gate
from sales_campaigns.messages.explaining.mail_traces import chosen_time, mail_trace
from sales_campaigns.messages.explaining.trace import Gate, Remedy, Stand, Trace, opens_at, passed, trace_of
from sales_campaigns.messages.models import Message
from sales_campaigns.tasks.models import Task, TaskState

ONE_AT_A_TIME = "The next step of a person is scheduled when the one before is over."
NEW_THREAD = "A follow-up whose mail before it failed, was skipped or cancelled goes out as a new thread."
TASKS_GATE = "A task must be completed or skipped before that person's next step triggers."
STANDS = {
    EnrollmentState.PAUSED: "It is paused; dates move when it goes on.",
    EnrollmentState.HELD: "It is held until somebody decides.",
}
STATES = {R.DONE: "done", R.SKIPPED: "skipped", R.FAILED: "failed"}


def step_trace(known: Surroundings, way: Way, step: Step, planned: Planned | None) -> Trace:
    """`planned` is the step as the planner sees it ahead; None where it is over or never comes."""
    trace = _trace(known, way, step, planned)
    return replace(trace, gates=(*_new_thread(way, step), *trace.gates))


def _new_thread(way: Way, step: Step) -> list[Gate]:
    """Why a follow-up answers nothing."""
    before = way.steps[step.position - 1] if step.follow_up and step.position else None
    run = way.runs.get(before.key) if before is not None else None
    if before is None or run is None or run.state not in OVER or run.sent_at is not None:
        return []
    why = f": {run.why}" if run.why else ""
    words = "ended without a mail" if run.state is R.DONE else STATES[run.state]
    return [Gate("Thread", NEW_THREAD, f"day {before.day}, step {before.number} {words}{why}")]


def _trace(known: Surroundings, way: Way, step: Step, planned: Planned | None) -> Trace:
    run = way.runs.get(step.key)
    if run is None:
        return _not_begun(known, way, step, planned) if planned is not None else _not_run(way.enrollment)
    if run.state in OVER:
        return _ended(step, run, known)
    message = known.messages.get(run.message_id or 0)
    if run.state is R.TASK_OPEN and (message is None or message.state in mail_states.OVER):
        return _task(known, way, step, run)
    if message is None:
        return _opening(known, way, step, run)
    if message.state in mail_states.OVER:
        return _settled(known, step, run, message)
    return _mail(known, step, run, message)


def _mail(known: Surroundings, step: Step, run: StepRun, message: Message) -> Trace:
    """By itself, or written by a rep who gave it a time; what the planner's instant is by then, is over."""
    sending = known.sendings[message.id]
    by_hand = run.state is R.TASK_OPEN
    limit = known.limits.get(message.id, "")
    planned = [chosen_time(message, sending)] if by_hand else gates_of_run(step, run, known.now, limit)
    return mail_trace(message, sending, [_earlier_over(), *planned])


def _not_begun(known: Surroundings, way: Way, step: Step, planned: Planned) -> Trace:
    does = "opens as a task" if planned.is_task else "leaves"
    gates = [*_standing(way), _earlier(known, way, planned), *gates_of_planned(step, planned, known.now)]
    return trace_of(gates, does, known.now)


def _earlier(known: Surroundings, way: Way, planned: Planned) -> Gate:
    if not planned.waits_for:
        says = "Comes next: it is made within seconds."
        return Gate("Earlier steps", ONE_AT_A_TIME, "all are over", Stand.WAITS, says=says, until=known.now)
    before = way.steps[planned.waits_for[0]]
    more = f" and {len(planned.waits_for) - 1} more" if len(planned.waits_for) > 1 else ""
    place = f"day {before.day}, step {before.number}"
    return Gate(
        "Earlier steps",
        ONE_AT_A_TIME,
        f"{place}{more} not over yet",
        Stand.WAITS,
        says=f"Waits for {place}: {known.titles[way.version.id][before.position]}.",
        event=f"{place} is over",
        remedy=_remedy(way.runs.get(before.key)),
    )


def _remedy(run: StepRun | None) -> Remedy | None:
    if run is not None and run.task_id and run.state is R.TASK_OPEN:
        return Remedy("Do the task", "task", run.task_id)
    return Remedy("See the mail", "message", run.message_id) if run is not None and run.message_id else None


def _opening(known: Surroundings, way: Way, step: Step, run: StepRun) -> Trace:
    does = "opens as a task" if run.is_task else f"is left out: {run.why or 'there is no e-mail address'}"
    gates = [*_standing(way), _earlier_over(), *gates_of_run(step, run, known.now)]
    due = opens_at(gates, known.now) <= known.now
    if not known.keeps_time:
        gates.append(not_running(due))
    elif due and all(gate.stand is Stand.PASSED for gate in gates):
        says = "It is due: it opens within seconds."
        gates.append(Gate("Turn", KEPT, "is running", Stand.WAITS, says=says, until=known.now))
    return trace_of(gates, does, known.now)


def _task(known: Surroundings, way: Way, step: Step, run: StepRun) -> Trace:
    """It waits for a person; a pause does not close it, and stops only what it would be skipped by."""
    task, whose = known.tasks.get(run.task_id or 0, (None, "somebody"))
    gates = [_earlier_over(), *passed(gates_of_run(step, run, known.now)), _open_task(task, whose, run)]
    if run.skip_at is not None and all(gate.stand is Stand.PASSED for gate in _standing(way)):
        rule = "A task that nobody did within its days is skipped by itself."
        gates.append(time_gate("Skipped by itself", rule, "skip_after", run.skip_at, known.now))
    return trace_of(gates, "is skipped" if run.skip_at else "is over", known.now)


def _open_task(task: Task | None, whose: str, run: StepRun) -> Gate:
    snoozed = task is not None and task.snoozed_until is not None and task.state is TaskState.OPEN
    return Gate(
        "Task",
        TASKS_GATE,
        f"open, {whose}'s" + (", snoozed" if snoozed else ""),
        Stand.WAITS,
        says=f"Waits until {whose} completes or skips the task.",
        event=f"{whose} completes or skips the task",
        remedy=Remedy("Do the task", "task", run.task_id or 0) if run.task_id else None,
    )


def _settled(known: Surroundings, step: Step, run: StepRun, message: Message) -> Trace:
    """Its mail is over, and the step is about to be."""
    over = mail_trace(message, known.sendings[message.id], gates_of_run(step, run, known.now)).gates
    rule, says = (
        "What follows a mail is done in a transaction of its own.",
        "What follows is done within seconds.",
    )
    if not known.keeps_time:
        return trace_of([*over, not_running(due=True)], "is over", known.now)
    turn = Gate("Turn", rule, "the next step is being planned", Stand.WAITS, says=says, until=known.now)
    return trace_of([*over, turn], "is over", known.now)


def _standing(way: Way) -> list[Gate]:
    """Whether its sender works, the campaign runs, and this person in it: what opens tasks asks the same."""
    campaign, enrollment = way.campaign, way.enrollment
    runs, goes = campaign.state is CampaignState.ACTIVE, enrollment.state is EnrollmentState.ACTIVE
    words = f"The campaign is {campaign.state.value}; dates move when it goes on."
    stands = STANDS.get(enrollment.state, f"It is {enrollment.state.value}.")
    stopped = way.absence.stopped
    sender = _sentence(f"{stopped}; dates move when it goes on") if stopped else ""
    return [
        _standing_gate("sender", not stopped, stopped, sender, enrollment.sender_id),
        _standing_gate("campaign", runs, campaign.state.value, words, campaign.id),
        _standing_gate("enrollment", goes, enrollment.why or enrollment.state.value, stands, enrollment.id),
    ]


def _standing_gate(kind: str, passed: bool, value: str, says: str, id: int) -> Gate:
    told = HOLDS[kind]
    if passed:
        return Gate(told.name, told.rule, "goes on")
    remedy = Remedy("Let it go on", told.place, id) if told.place else None
    return Gate(told.name, told.rule, value, Stand.WAITS, says=says, event=told.event, remedy=remedy)


def _earlier_over() -> Gate:
    return Gate("Earlier steps", ONE_AT_A_TIME, "all that it waits for are over")


def _ended(step: Step, run: StepRun, known: Surroundings) -> Trace:
    at, words = run.sent_at or run.over_at, "sent" if run.sent_at else STATES[run.state]
    value = f"{words}: {run.why}" if run.why else words
    rule, says = _sentence(STEP_RUN.sentences[run.state]), _sentence(value)
    end = Gate("End", rule, value, Stand.OVER, says=says, until=at)
    return Trace((*passed(gates_of_run(step, run, known.now)), end), None, "is over")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".") + "."


def _not_run(enrollment: Enrollment) -> Trace:
    before = "Was added to the campaign when this person was further already."
    words = before if enrollment.state in UNDER_WAY else "The campaign ended before."
    rule = (
        "A step inserted before a person's position is not run for that person; the end ends all that waits."
    )
    return Trace((Gate("Not run", rule, words, Stand.OVER, says=words),), None, "is over")
