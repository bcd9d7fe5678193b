"""The paper's tables: systems trained and tested on the same folds."""
