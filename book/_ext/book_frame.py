"""The frame of the pages: launch and repository buttons on request, and no script that is not used."""

import os


def add_repository_buttons(app, config):
    """Show the buttons for Colab, Binder, repository and edit page when BOOK_REPOSITORY_URL names the repository."""
    url = os.environ.get("BOOK_REPOSITORY_URL", "").strip().rstrip("/")
    options = dict(config.html_theme_options)
    options.pop("launch_buttons", None)
    options["repository_url"] = url
    if url:
        options["repository_branch"] = os.environ.get("BOOK_REPOSITORY_BRANCH", "main")
        options["use_repository_button"] = options["use_edit_page_button"] = options["use_issues_button"] = True
        options["launch_buttons"] = {"binderhub_url": "https://mybinder.org", "notebook_interface": "jupyterlab"}
        if url.startswith("https://github.com/"):
            options["launch_buttons"]["colab_url"] = "https://colab.research.google.com"
    config.html_theme_options = options


def drop_thebe(app, pagename, templatename, context, doctree):
    """Leave out the scripts of live code cells, which would come from another server; the course does not use them."""
    scripts = context.get("script_files", [])
    context["script_files"] = [script for script in scripts if "thebe" not in _text(script)]


def _text(script):
    attributes = getattr(script, "attributes", {})
    return f"{getattr(script, 'filename', script)} {attributes.get('body', '')}".lower()


def setup(app):
    app.connect("config-inited", add_repository_buttons, priority=1)
    app.connect("html-page-context", drop_thebe, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
