/* The probe for C: a static program, of nothing but what comes with the compiler. */
int main(void) {
    return 0;
}
