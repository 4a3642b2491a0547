"""What `MagenticOneGroupChat` asks its model, and tells its participants."""

FACTS = """\
The task is above. Before anybody works on it, take stock. Do not plan and do not solve it yet.
Write a fact sheet under these four headings, and leave out what does not apply:

1. GIVEN: what the task itself says: names, numbers, dates, files, conditions.
2. TO LOOK UP: what must be found elsewhere, and where to look for it.
3. TO WORK OUT: what can be derived, calculated or decided by reasoning.
4. GUESSES: what you recall or suppose, each marked as unsure.
"""

PLAN = """\
These are the members of the team that will do the task:

{team}

Write a short plan as a list of steps, each with the member who takes it. Use only the members
that are needed, and no others than these.
"""

NEW_FACTS = """\
The work on the task has got stuck. Write the fact sheet anew. Take up what was learnt since,
correct what proved wrong, move to GIVEN what is certain now, and add at least one new guess with
a short reason. The task is:

{task}

The fact sheet so far:

{facts}
"""

NEW_PLAN = """\
Say in a sentence or two why the last plan did not work. Then write a new one that avoids the
same mistake and tries something else: a short list of steps, each with the member who takes it.
The team is the same:

{team}
"""

TASK_LEDGER = """\
We work together on this task:

{task}

The team:

{team}

What is known:

{facts}

The plan:

{plan}
"""

PROGRESS = """\
Look at the work on this task so far:

{task}

The team:

{team}

Answer five questions, each with a short reason:

- is_request_satisfied: Is the task done, completely and checked? Not when something is left.
- is_in_loop: Is the same asked or tried again and again without anything new?
- is_progress_being_made: Did the last messages bring the task forward? Not when they only failed
  or repeated.
- next_speaker: Who should act next? One of: {names}.
- instruction_or_question: What would you say to that member, addressed to them and with all that
  they need to know for it?

Answer with one JSON object of this form, and with nothing before or after it:

{{
  "is_request_satisfied": {{"reason": "...", "answer": true or false}},
  "is_in_loop": {{"reason": "...", "answer": true or false}},
  "is_progress_being_made": {{"reason": "...", "answer": true or false}},
  "next_speaker": {{"reason": "...", "answer": "one of: {names}"}},
  "instruction_or_question": {{"reason": "...", "answer": "..."}}
}}
"""

REPAIR = """\
That cannot be used: {fault}

Answer again, with the one JSON object that was asked for and nothing else.
"""

ORCHESTRATOR_FINAL_ANSWER_PROMPT = """\
The work on this task has ended:

{task}

The messages above are what was done. Write the answer for the person who gave the task: speak to
them directly, give the result first, and say openly what is missing or unsure.
"""
"""The `final_answer_prompt` that is used where none is given; {task} stands for the task."""
