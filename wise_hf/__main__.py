"""python -m wise_hf: the console command where a module is asked for, as by `accelerate launch -m wise_hf train`."""

from wise_hf.commands.console import main


if __name__ == "__main__":
    main()
