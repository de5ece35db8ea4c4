"""What each metric is called and how to read it, in the order of a table."""

MEANINGS = {
    "score": ("Score, 0 to 100", "higher is better; 100 is the truth itself"),
    "psnr_db": ("PSNR in the hole, dB", "higher is nearer; rewards blur"),
    "ssim": ("SSIM in the hole", "1 is the truth; rewards blur"),
    "sharpness_ratio": ("Sharpness", "1 is right, below is blur"),
    "laplacian_ratio": ("Fine detail", "1 is right, below is blur"),
    "speck_ratio": ("Specks", "1 is right, above are lone pixels and grain"),
    "dynamics_ratio": ("Dynamics", "1 is right, 0 is frozen"),
    "drift_ratio": ("Drift", "1 is right, above what should stay comes and goes"),
    "spectrum_db": ("Temporal spectrum, dB", "0 is right"),
    "sliced_wasserstein": ("Patch distribution", "0 is right"),
    "seam_ratio": ("Seam", "1 is right, above shows an edge"),
    "copy_distance": ("Nearest source patch", "0 is a verbatim copy"),
    "copy_ratio": ("Nearest source patch, to truth", "1 is right, 0 is a copy"),
    "tof_px": ("tOF, px", "0 is the truth's motion"),
    "cvvdp_jod": ("ColorVideoVDP, JOD", "10 cannot be told apart"),
    "flip": ("FLIP", "0 is the truth"),
}
