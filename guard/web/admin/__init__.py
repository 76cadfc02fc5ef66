"""The admin page: everything that an operator needs, as plain pages and forms that work without a script.

Rules:

- A GET changes nothing. Every POST carries a token against forgery, and comes from this very site.
- Who may do what is judged in one place, `guard.access.admit`; a page only hides what would be refused.
- What did not answer is shown as unknown. Nothing here makes up a figure.
- Whatever others wrote (reasons, names of workers and tasks, arguments) is escaped by the template engine;
  no page holds a script or a style of its own, so the browser is told to run none.
"""

from guard.web.admin.blueprint import make_admin

__all__ = ["make_admin"]
