"""The variables of the caller's environment that the tests see."""

WINDOWS = ["APPDATA", "COMSPEC", "LOCALAPPDATA", "PATHEXT", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE"]
KEPT = {"HOME", "LANG", "PATH", "PYTHONUTF8", "TMPDIR", *WINDOWS}
