"""Do learned similarities redraw faces better than pixels do? vae and vae_gan with one encoder and one decoder."""
