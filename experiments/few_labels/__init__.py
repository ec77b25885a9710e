"""What 100 labels are worth beside unlabelled digits: a classifier with a GAN, and the same one without."""
