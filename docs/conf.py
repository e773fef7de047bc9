"""The site: sphinx-build --fail-on-warning docs site"""

project = "harness"
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "harness"
html_show_sourcelink = False
myst_heading_anchors = 3  # links to headings, as GitHub makes them
