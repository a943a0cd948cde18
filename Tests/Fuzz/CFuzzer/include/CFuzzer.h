#ifndef TALLY_CFUZZER_H
#define TALLY_CFUZZER_H

/// libFuzzer's own start, under the name that SwiftPM makes `main` an alias of.
int tally_fuzz_main(int count, char **arguments);

#endif
