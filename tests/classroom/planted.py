"""What every check of the exercises must do, as one class of tests; a chapter's test file brings tables of answers only.

    RIGHT = [(ch01.brighten, brighten), (ch01.brighten, brighten_by_table), …]
    WRONG = {"brighten wraps": (ch01.brighten, wraps, "began again at 0"), …}
    TestAnswers = demands(RIGHT, WRONG)

The first right answer of each check does the work itself; the others may call a library. A wrong answer comes with words
(a regular expression) of the message it must get and, if stated, the points out of ten that it earns.
"""

import functools
import re

import pytest

from cnnlib.checks.points import points
from cnnlib.errors import CheckFailed


def nothing(*arguments):
    return None


def dots(*arguments):
    return ...


def printing(*arguments):
    print(arguments)


def crashing(*arguments):
    raise IndexError("out of bounds")


NO_ANSWERS = {
    "nothing": (nothing, "returns nothing"),
    "dots": (dots, "returns nothing"),
    "prints": (printing, "it prints; end it with `return`"),
    "crashes": (crashing, "stopped with IndexError: out of bounds"),
    "text": (lambda *arguments: "nine", r"not numbers|expected \w+ (results|numbers)|not \d values|two are asked"),
    "no function": (3, "expected a function"),
}


def message(check, answer):
    """What the check says to the answer; empty when it passes."""
    try:
        check(answer)
    except CheckFailed as error:
        return str(error)
    return ""


def trusted(answer):
    """The answer, without the watch over calls into libraries: a right answer of the tests may borrow."""
    if not callable(answer):
        return answer

    @functools.wraps(answer)
    def trusted_answer(*arguments):
        return answer(*arguments)

    trusted_answer.is_alone = True
    return trusted_answer


def demands(right, wrong, lines=4):
    """Return the class of tests for right answers [(check, answer)] and wrong ones {name: (check, answer, words[, points])}.

    A right answer makes its check print at least `lines` lines, and each wrong answer is told something of its own.
    """
    checks = list(dict.fromkeys(check for check, _ in right))
    each_check = pytest.mark.parametrize("check", checks, ids=lambda check: check.__name__)
    each_right = pytest.mark.parametrize(("check", "answer"), right, ids=lambda function: function.__name__)
    each_wrong = pytest.mark.parametrize(
        ("check", "answer", "words", "earned"), [(*planted, None)[:4] for planted in wrong.values()], ids=list(wrong)
    )
    each_no_answer = pytest.mark.parametrize(("no_answer", "words"), NO_ANSWERS.values(), ids=NO_ANSWERS)

    class TestAnswers:
        @each_check
        def test_there_are_enough_answers(self, check):
            assert sum(planted[0] == check for planted in right) >= 2, "a second right answer, written differently"
            assert sum(planted[0] == check for planted in wrong.values()) >= 6, "at least six wrong answers"
            assert {planted[0] for planted in wrong.values()} <= set(checks)

        @each_right
        def test_right_answers_pass(self, check, answer, capsys):
            check(answer)
            printed = capsys.readouterr().out.splitlines()
            assert len(printed) >= lines
            assert all(line.startswith("ok  ") for line in printed)

        @each_right
        def test_right_answers_win_all_points(self, check, answer, capsys):
            assert points(check, trusted(answer), 10) == 10, capsys.readouterr().out

        @each_check
        def test_a_right_answer_wins_them_without_a_library(self, check, capsys):
            assert points(check, dict(reversed(right))[check], 10) == 10, capsys.readouterr().out

        @each_check
        @each_no_answer
        def test_the_empty_starter_fails_and_wins_nothing(self, check, no_answer, words, capsys):
            assert re.search(words, message(check, no_answer))
            assert points(check, no_answer, 10) == 0, capsys.readouterr().out

        @pytest.mark.filterwarnings("ignore::RuntimeWarning")
        @each_wrong
        def test_planted_wrong_answers_fail_with_the_right_words(self, check, answer, words, earned, capsys):
            said = message(check, answer)
            assert re.search(words, said), f"it says: {said or 'nothing, the answer passes'}"
            assert " · " in said, "what is wrong, then where to look"
            capsys.readouterr()
            won = points(check, trusted(answer), 10)
            assert re.search(words, capsys.readouterr().out), "the same words where points are counted"
            assert won < 10
            assert earned in (None, won)

        @pytest.mark.filterwarnings("ignore::RuntimeWarning")
        @each_check
        def test_each_wrong_answer_is_told_something_of_its_own(self, check):
            said = {}
            names = {name for name, planted in wrong.items() if planted[0] == check}
            for name in names:
                said.setdefault(message(check, wrong[name][1]), set()).add(name)
            assert [sorted(group) for group in said.values() if len(group) > 1] == []

    return TestAnswers
