"""Options for the watch officer, from the site's own playbook; it returns them and performs
nothing.
"""

from tocsin.advise.options import AdviseState, open_advise, options_into

__all__ = ["AdviseState", "open_advise", "options_into"]
