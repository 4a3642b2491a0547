"""The magics in IPython in a terminal, where runs are printed."""

import os
import subprocess
import sys
from pathlib import Path

SESSION = """\
%load_ext nbagent
from nbagent.models.replay import ReplayChatCompletionClient
client = ReplayChatCompletionClient([f"Answer {n}." for n in range(1, 9)])
%nbagent model client
%%agent
Hello,
who is it?


print("kept:", _.messages[-1].content, len(_.messages))
r = %agent and what is a cat?
print("asked:", [m.content for m in client.create_calls[-1]["messages"][1:]])
def ask():
    answer = %agent why?
    return answer.messages[-1].content

print("nested:", ask())
%agent --imge x
%nbagent doctor
%unload_ext nbagent
%agent gone
exit
"""


def test_a_session_in_a_terminal(tmp_path: Path) -> None:
    environment = os.environ | {"IPYTHONDIR": str(tmp_path), "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"],
        input=SESSION,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        cwd=tmp_path,
    )
    output = done.stdout
    assert "Hello,\nwho is it?" in output  # the prompt was taken whole, then printed by Console
    assert "kept: Answer 1. 2" in output
    assert "asked: ['Hello,\\nwho is it?', 'Answer 1.', 'and what is a cat?']" in output
    assert "nested: Answer 3." in output
    assert "TaskResult" not in output
    assert "there is no option '--imge'; did you mean --image?" in done.stderr + output
    assert "Runs are printed as text" in output
    assert "`%agent` not found" in done.stderr + output
    assert "Traceback" not in done.stderr + output
    assert "Warning" not in done.stderr
