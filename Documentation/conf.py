# SPDX-License-Identifier: GPL-2.0
# For Sphinx: make htmldocs
import pathlib
import re

project = "xenfs"
kbuild = pathlib.Path(__file__).parent.parent / "Kbuild"
version = re.search(r"XENFS_VERSION='\"(.*)\"'", kbuild.read_text()).group(1)
release = version
root_doc = "index"
highlight_language = "none"
html_theme = "classic"
html_theme_options = {"nosidebar": True, "body_max_width": "54em"}
html_show_copyright = False
