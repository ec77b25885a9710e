"""Is what is drawn what the sentence says? Classifiers of real avatars read the samples of the text-conditional GAN."""
