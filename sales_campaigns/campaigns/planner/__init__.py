"""When every step of an enrollment happens: one pure function, asked by everybody who needs a date."""

from enum import StrEnum


class StepKind(StrEnum):
    EMAIL = "email"
    CALL = "call"
    INMAIL = "inmail"
    CUSTOM = "custom"


class SendOption(StrEnum):
    CHOOSE = "choose"
    AT = "at"
    SAME_AS_PREVIOUS = "same_as_previous"
    TASK = "task"


class IfPast(StrEnum):
    NEXT_DAY = "next_day"
    NOW = "now"
