"""Files in and out: sequences, plates, mattes, results. Pixels are read here and nowhere else."""
