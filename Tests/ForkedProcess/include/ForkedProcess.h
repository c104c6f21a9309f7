#ifndef FORKED_PROCESS_H
#define FORKED_PROCESS_H

#include <stdbool.h>

// Forks, calls `body` with `argument` in the child, and returns whether it returned true there within so many seconds. Swift offers
// no fork of its own.
bool holds_in_child(bool (*body)(void *), void *argument, unsigned seconds);

#endif
