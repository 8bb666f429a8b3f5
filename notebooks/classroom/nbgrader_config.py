"""The nbgrader course: source/NN_slug holds the solutions, release/NN_slug is generated from them by `make assignments`."""

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "convolutional-networks"
c.ClearSolutions.code_stub = {"python": "# Write your code here.\n..."}
c.Execute.timeout = 60
