import re

import readme


def test_the_output_shown_is_what_the_commands_print_now():
    text = readme.README.read_text()
    assert readme.refreshed(text) == text


def test_every_command_and_every_long_option_is_in_the_readme_or_the_help():
    text = readme.README.read_text()
    listed = re.findall(r"^  ([a-z]+(?:-[a-z]+)?)  ", readme.output_of("softmax-jac --help", "."), re.MULTILINE)
    assert {"forward", "layer-grad", "weight-grad", "check"} <= set(listed)
    assert [name for name in listed if f"`{name}`" not in text] == []
