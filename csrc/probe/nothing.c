/* The kernel of the survey's probe: linked with the guest runner and called never, it shows that this compiler, this
 * emulator and this width work together, and the runner attests what it finds. */
void nothing(void);

void nothing(void) {}
