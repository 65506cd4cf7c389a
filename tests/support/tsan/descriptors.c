/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libuv closes descriptors by the system call itself, which TSan does not
 * intercept: to TSan such a one is open still when another thread is given its
 * number by a call that it does not intercept either, as openat(), and that
 * thread's close is taken for a race with what libuv did. close() it sees. */

#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "shim.h"

#define ARGUMENTS 6

long
syscall (long number, ...)
{
  long argument[ARGUMENTS];
  va_list list;

  /* what was not given is read, and meant by none */
  va_start (list, number);
  for (guint i = 0; i < ARGUMENTS; i++)
    argument[i] = va_arg (list, long);
  va_end (list);
  if (number == SYS_close)
    return close ((int) argument[0]);
  return REAL (syscall) (number, argument[0], argument[1], argument[2],
      argument[3], argument[4], argument[5]);
}
