"""What learners get, generated from the solutions: `make assignments`.

source/NN_slug/NN_slug.ipynb → release/NN_slug/NN_slug.ipynb, by nbgrader's generate_assignment. The same source gives the
same bytes. The gradebook, which knows each locked cell and its points, is written only where one is asked for.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import cnnlib

COURSE = Path(cnnlib.__file__).resolve().parents[1] / "notebooks" / "classroom"


def assignments(course=COURSE):
    """Return the names of the assignments of a course."""
    return sorted(folder.name for folder in (Path(course) / "source").iterdir() if (folder / f"{folder.name}.ipynb").is_file())


def generate(course, assignment, target, gradebook=None):
    """Write the release of one assignment into the folder `target`; with `gradebook`, a path, keep the gradebook too."""
    with tempfile.TemporaryDirectory() as root:
        shutil.copytree(Path(course) / "source" / assignment, Path(root) / "source" / assignment)
        done = nbgrader(course, root).generate_assignment(assignment)
        if not done["success"]:
            raise SystemExit(f"assignments: {assignment} could not be generated\n{done.get('log', '')}{done.get('error', '')}")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(Path(root) / "release" / assignment, target)
        if gradebook is not None:
            shutil.copy(Path(root) / "gradebook.db", gradebook)


def nbgrader(course, root):
    """Return nbgrader with the settings of nbgrader_config.py, working in the folder `root`."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    here = str(Path(sys.executable).parent)  # nbgrader calls `alembic` by its name
    if here not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = here + os.pathsep + os.environ["PATH"]
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = f"sqlite:///{Path(root).resolve() / 'gradebook.db'}"
    return NbGraderAPI(config=config)


def main(names, course=COURSE):
    """Generate the named assignments, or all."""
    known = assignments(course)
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.exit(f"assignments: no assignment {', '.join(unknown)} · there are {', '.join(known)}")
    for name in names or known:
        generate(course, name, Path(course) / "release" / name)
        print(f"release/{name}")


if __name__ == "__main__":
    main(sys.argv[1:])
