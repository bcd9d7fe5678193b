"""From a trained model to a page on the Hugging Face Hub."""
