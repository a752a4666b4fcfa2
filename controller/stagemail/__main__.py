"""``python -m stagemail``."""

from stagemail.cli.main import main

if __name__ == "__main__":
    main()
