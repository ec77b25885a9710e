"""Many answers to one question: outlines into faces by MUNIT in eight styles, by CycleGAN in one."""
