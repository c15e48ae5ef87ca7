"""Reading data files and study sheets: from a path to a typed frame and its card."""
