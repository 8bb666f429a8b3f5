"""The classroom: assignments generated from their solutions, and handed-in notebooks graded without being trusted.

    release.py    source notebook → release notebook, by nbgrader
    grade.py      all students of one assignment: what is new, two at a time, grades.csv
    handed_in.py  what was handed in, by whom
    clean.py      what is taken of a handed-in notebook
    mark.py       one student: nbgrader's autograde, with the execution divided in two
    session.py    the grader's end of the wall: runs cells at the desk, stands in for the student's functions
    desk.py       the student's end of the wall: the only place where code of the student runs
    parcel.py     what may pass through the wall: numbers, text, arrays
    sandbox.py    the wall itself: bubblewrap and limits
    feedback.py   one page per student

The student's code never runs in the process that judges it. Cells of the student run at a desk, a process without network
behind a wall. Cells that give points run in the grader's process; there, `my_conv2d` is a stand-in that sends its arguments to
the desk and brings back what the student's function returned. So a student can give wrong answers, but cannot give points.
"""
