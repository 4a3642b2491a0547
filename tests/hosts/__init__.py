"""Tests in hosts beside JupyterLab and Notebook: real Voila and marimo, in a real browser."""
