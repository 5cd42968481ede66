"""python -m softmax_cli"""

from .cli import main

main()
