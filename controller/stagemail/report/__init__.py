"""Reports: data in, string out. Text for people, Markdown for pull requests, JSON and SARIF for machines.

One module per noun and form: ``plan_text``, ``plan_markdown``, ``plan_json``, ``problems``, ``annotations``, ``sarif``,
``runs``, ``status``, ``history``, ``explain``, ``drift``, ``findings``, ``discovery``, ``secret_check``. Import the one
that is needed; nothing is imported here. Not its job: I/O, the clock, exit codes, deciding anything.
"""
