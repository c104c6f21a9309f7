#include "ForkedProcess.h"

#include <sys/wait.h>
#include <unistd.h>

bool holds_in_child(bool (*body)(void *), void *argument, unsigned seconds) {
  pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    // A child that waits for ever ends by the signal.
    alarm(seconds);
    _exit(body(argument) ? 0 : 1);
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
