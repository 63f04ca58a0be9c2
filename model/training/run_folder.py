"""Names of the files in a training run's folder."""

BEST, FIGURES, HISTORY = "best.weights.h5", "best.json", "history.csv"
SETTINGS_FILE = "config.json"
TEACHER_SCORES = "teacher_scores.npz"
